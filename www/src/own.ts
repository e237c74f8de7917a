/** Gathers of the visitor's files, kept in this browser so that an address can name them. */

import { sha256 } from "./engine/digest";
import type { Given } from "./inversion";
import { isOwn, ownData } from "./settings";
import { type Store, watching } from "./store";

const CACHE = "wavediffusion-own";

/** Files that are kept, 1.4 MB each; the oldest goes first. */
const KEPT = 8;

const NAME = "x-file-name";

const keyOf = (data: string): URL => new URL(`own/${data}`, document.baseURI);

/** Keeps gathers where the browser lets it; they are known by what they hold, whatever their file is called. */
export async function keepGathers(name: string, gathers: Float32Array): Promise<Given> {
  const values = gathers.slice();
  const data = ownData(await sha256(values));
  try {
    const cache = await caches.open(CACHE);
    await cache.delete(keyOf(data));
    const kept = await cache.keys();
    for (const old of kept.slice(0, Math.max(0, kept.length + 1 - KEPT))) await cache.delete(old);
    await cache.put(keyOf(data), new Response(values, { headers: { [NAME]: encodeURIComponent(name) } }));
  } catch {
    // Private windows and full disks refuse; the file is then known until the page is left.
  }
  return { data, name, gathers, truth: null };
}

/** The gathers that a setting stands for; null where this browser does not have them. */
async function recallGathers(data: string): Promise<Given | null> {
  try {
    const kept = await (await caches.open(CACHE)).match(keyOf(data));
    if (!kept) return null;
    const name = decodeURIComponent(kept.headers.get(NAME) ?? "");
    return { data, name, gathers: new Float32Array(await kept.arrayBuffer()), truth: null };
  } catch {
    return null;
  }
}

/** Brings back the file that the address names, or tells that it is not here. */
export function createOwn(store: Store): void {
  const wanted = () => {
    const { settings, inverted, phase } = store.state();
    const { mode, data } = settings;
    const missing = mode === "invert" && isOwn(data) && inverted?.given.data !== data && phase !== "running";
    return missing ? data : null;
  };
  const recall = async (data: string) => {
    const given = await recallGathers(data);
    if (wanted() !== data) return;
    if (given) store.dispatch({ type: "given", given });
    else {
      const message = "The file that this address inverts is not kept in this browser: pick it, or drop it here.";
      store.dispatch({ type: "notice", error: { code: "not-kept", message } });
    }
  };
  store.subscribe(
    watching(
      () => [wanted()],
      (data) => {
        if (data !== null) void recall(data);
      },
    ),
  );
}
