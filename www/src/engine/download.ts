/** Downloads with byte progress, checked by SHA-256 and kept in the Cache API. */

import type { FileEntry } from "../manifest";
import { sha256 } from "./digest";
import { Failure } from "./failure";

const CACHE = "wavediffusion-weights";

/** Called with the bytes that arrived since the last call. */
export type OnBytes = (bytes: number) => void;

/** Fetches `url`, or says in one sentence why it cannot be had. */
export async function open(url: URL): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    throw new Failure("offline", `${fileName(url)} could not be fetched: the network does not answer.`);
  }
  if (!response.ok)
    throw new Failure("not-found", `${fileName(url)} could not be fetched: the server answered ${response.status}.`);
  return response;
}

/** The same bytes as a response of a given type, reported as they pass. */
export function metered(response: Response, type: string, onBytes: OnBytes): Response {
  const meter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      onBytes(chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(meter), { headers: { "content-type": type } });
}

/**
 * The bytes of the weights: from the cache, or from the network and then cached.
 *
 * @throws {Failure} `insecure-context` when the browser cannot verify, `bad-weights` when the checksum differs.
 */
export async function fetchWeights(entry: FileEntry, base: URL, onBytes: OnBytes): Promise<Uint8Array> {
  if (!globalThis.crypto?.subtle) {
    throw new Failure(
      "insecure-context",
      "The weights cannot be verified, because browsers offer SHA-256 over https and on localhost only; open the page there.",
    );
  }
  const url = new URL(entry.file, base);
  const key = new URL(`?sha256=${entry.sha256}`, url);
  const kept = await recall(key);
  if (kept && (await sha256(kept)) === entry.sha256) {
    onBytes(kept.byteLength);
    return kept;
  }
  const bytes = new Uint8Array(await metered(await open(url), "application/octet-stream", onBytes).arrayBuffer());
  if ((await sha256(bytes)) !== entry.sha256) {
    throw new Failure(
      "bad-weights",
      `${entry.file} is not what its manifest describes (${bytes.byteLength} bytes arrived, ${entry.bytes} expected; SHA-256 differs); reload to fetch it again.`,
    );
  }
  await keep(key, bytes);
  return bytes;
}

/** Looks in the cache; a browser that has none, or refuses it, is no reason to fail. */
async function recall(key: URL): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const kept = await (await caches.open(CACHE)).match(key);
    return kept ? new Uint8Array(await kept.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

/** Puts the weights in the cache and drops those of other versions. */
async function keep(key: URL, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    const cache = await caches.open(CACHE);
    for (const old of await cache.keys()) if (old.url !== key.href) await cache.delete(old);
    await cache.put(key, new Response(bytes));
  } catch {
    // Private windows and full disks refuse; the weights are then fetched again next time.
  }
}

function fileName(url: URL): string {
  return url.pathname.split("/").pop() ?? url.href;
}
