/** The engine's worker: everything that runs WebAssembly or WebGPU, reached through comlink. */

import initEngine, {
  type Backend,
  Engine,
  type EngineEvent,
  type GenerateRequest,
  type Inversion,
  type InvertRequest,
  type Pair,
  type PairShape,
  type Prediction,
  type Probe,
  probe,
  type Wavefield,
} from "@engine/wavediffusion.js";
import engineUrl from "@engine/wavediffusion_bg.wasm?url";
import * as Comlink from "comlink";
import type { FileEntry } from "../manifest";
import { fetchWeights, metered, open } from "./download";
import { describe, Failure, type FailureMessage } from "./failure";
import { holdLifeline } from "./lifeline";

/** Where the engine ended up running, and why. */
export interface Loaded {
  backend: Backend;
  adapter: string;
  /** Why WebGPU is not used, in one sentence. */
  fallback: string | null;
  families: string[];
  shape: PairShape;
}

export interface LoadRequest {
  manifest: string;
  weights: FileEntry;
  /** Address of the folder that holds the weights. */
  base: string;
  /** What the visitor asked for; `null` leaves the choice to the probe. */
  backend: Backend | null;
}

let engine: Engine | null = null;

/** Runs a call; what it throws crosses to the page as a code and a sentence. */
async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw describe(thrown);
  }
}

function loaded(): Engine {
  if (!engine) throw new Failure("not-loaded", "The engine has not been loaded yet.");
  return engine;
}

/** The arrays of a message that can be moved rather than copied: those that are alone in their buffer. */
function movable(message: object): ArrayBuffer[] {
  return Object.entries(message).flatMap(([key, value]: [string, unknown]) => {
    if (key === "preview" && typeof value === "object" && value !== null) return movable(value);
    const alone = value instanceof Float32Array && value.byteLength === value.buffer.byteLength;
    return alone && value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
  });
}

/** Why WebGPU should not be used here, or null when it should. */
function refusal(found: Probe, wanted: Backend | null): string | null {
  if (wanted === "flex") return "WebGPU is switched off by the address (backend=flex).";
  if (!found.webgpu) return found.reason ?? "WebGPU is not available in this browser.";
  if (found.software && wanted === null)
    return "WebGPU would run in software here, which is slower than WebAssembly; backend=webgpu forces it.";
  return null;
}

/** Failures of WebGPU itself, which the other backend does not share. */
const GPU_FAILURES = ["webgpu-unavailable", "gpu-error", "device-lost"];

/** GPU devices that were lost so far. */
let losses = 0;

/** Whether WebGPU is worth another try: once, on a new device. */
function again({ code }: FailureMessage): boolean {
  if (code !== "device-lost") return false;
  losses += 1;
  return losses === 1;
}

/** Loads the engine; tells why it does not run on WebGPU, which `known` may be already. */
async function start(
  manifest: string,
  weights: Uint8Array,
  wanted: Backend | null,
  known: string | null,
): Promise<string | null> {
  let fallback = known ?? refusal(await probe(), wanted);
  while (fallback === null) {
    try {
      engine = await Engine.load(manifest, weights, "webgpu");
      return null;
    } catch (thrown) {
      const failure = describe(thrown);
      if (!GPU_FAILURES.includes(failure.code)) throw thrown;
      if (!again(failure)) fallback = failure.message;
    }
  }
  engine = await Engine.load(manifest, weights, "flex");
  return fallback;
}

/** Loads the engine again after a failure of the GPU; `known` tells why it may not run there. Set by the first time. */
let reload: ((known: string | null) => Promise<Loaded>) | null = null;

/** Hears where the engine goes on after such a failure. */
let onMoved: (loaded: Loaded, reason: FailureMessage) => void = () => undefined;

/** Whether the work that is under way was called off. */
let calledOff = false;

/**
 * Does a piece of work, and again from its beginning when the GPU fails meanwhile: on a new device if it was lost, on
 * the processor if that happens twice or the GPU refuses the work.
 */
function surviving<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  return guarded(async () => {
    calledOff = false;
    for (;;) {
      const onGpu = engine?.backend === "webgpu";
      try {
        return await work(loaded());
      } catch (thrown) {
        const failure = describe(thrown);
        if (!reload || !onGpu || !GPU_FAILURES.includes(failure.code)) throw thrown;
        onMoved(await reload(again(failure) ? null : failure.message), failure);
        if (calledOff) throw new Failure("cancelled", "The work was called off.");
      }
    }
  });
}

const api = {
  /** Holds a lock as long as this worker lives; gives its name. */
  lifeline: holdLifeline,

  /** Fetches engine and weights, picks a backend and gets ready. `onProgress` hears bytes done and in total, `moved` of every
   * change of the backend or its device afterwards. */
  load: (
    request: LoadRequest,
    onProgress: (done: number, total: number) => void,
    moved: (loaded: Loaded, reason: FailureMessage) => void,
  ): Promise<Loaded> =>
    guarded(async () => {
      let done = 0;
      const count = (bytes: number) => {
        done += bytes;
        onProgress(done, __ENGINE_BYTES__ + request.weights.bytes);
      };
      const [, weights] = await Promise.all([
        open(new URL(engineUrl, import.meta.url)).then((code) =>
          initEngine({ module_or_path: metered(code, "application/wasm", count) }),
        ),
        fetchWeights(request.weights, new URL(request.base), count),
      ]);
      const begin = async (bytes: Uint8Array, known: string | null): Promise<Loaded> => {
        const fallback = await start(request.manifest, bytes, request.backend, known);
        const { backend, adapter } = loaded();
        return { backend, adapter, fallback, families: loaded().families(), shape: loaded().shape() };
      };
      onMoved = moved;
      reload = async (known) => {
        const lost = engine;
        engine = null;
        lost?.free();
        return begin(await fetchWeights(request.weights, new URL(request.base), () => undefined), known);
      };
      return begin(weights, null);
    }),

  /** Generates a pair; `onEvent` is awaited, so that a slow page slows the engine rather than queueing pictures. */
  generate: (request: GenerateRequest, onEvent: (event: EngineEvent) => void): Promise<Pair> =>
    surviving(async (engine) => {
      const forward = (event: EngineEvent) => onEvent(Comlink.transfer(event, movable(event)));
      const pair = await engine.generate(request, forward);
      return Comlink.transfer(pair, movable(pair));
    }),

  /** Turns gathers into velocity maps. */
  invert: (
    gathers: Float32Array,
    truth: Float32Array | null,
    request: InvertRequest,
    onEvent: (event: EngineEvent) => void,
  ): Promise<Inversion> =>
    surviving(async (engine) => {
      const forward = (event: EngineEvent) => onEvent(Comlink.transfer(event, movable(event)));
      const inversion = await engine.invert(gathers, truth, request, forward);
      return Comlink.transfer(inversion, movable(inversion));
    }),
  /** Gathers of a velocity map, by the wave equation. */
  simulate: (velocity: Float32Array): Promise<Float32Array> =>
    surviving(async (engine) => {
      const gathers = await engine.simulate(velocity, () => undefined);
      return Comlink.transfer(gathers, [gathers.buffer as ArrayBuffer]);
    }),
  /** When the direct wave through a velocity map has passed each receiver. */
  directWaveEnd: (velocity: Float32Array): Promise<Float32Array> =>
    guarded(async () => loaded().directWaveEnd(velocity)),
  /** What the model expects of a velocity map, and what the wave equation makes of it. */
  predict: (velocity: Float32Array, onEvent: (event: EngineEvent) => void): Promise<Prediction> =>
    surviving(async (engine) => {
      const forward = (event: EngineEvent) => onEvent(Comlink.transfer(event, movable(event)));
      const prediction = await engine.predict(velocity, forward);
      return Comlink.transfer(prediction, movable(prediction));
    }),
  /** The gathers in a .npy file. */
  readGathers: (file: Uint8Array): Promise<Float32Array> => guarded(async () => loaded().readGathers(file)),
  /** The velocity map in a .npy file. */
  readVelocity: (file: Uint8Array): Promise<Float32Array> => guarded(async () => loaded().readVelocity(file)),
  /** A .npy file of a velocity map. */
  writeVelocity: (velocity: Float32Array): Promise<Uint8Array<ArrayBuffer>> =>
    guarded(async () => loaded().writeVelocity(velocity) as Uint8Array<ArrayBuffer>),
  /** A .npy file of gathers. */
  writeGathers: (gathers: Float32Array): Promise<Uint8Array<ArrayBuffer>> =>
    guarded(async () => loaded().writeGathers(gathers) as Uint8Array<ArrayBuffer>),
  /** Stops the generation that is under way at its next step. */
  cancel: (): void => {
    calledOff = true;
    engine?.cancel();
  },

  /** The wavefield of one shot through a velocity map, every `every`th time step. */
  wavefield: (velocity: Float32Array, shot: number, every: number): Promise<Wavefield> =>
    guarded(async () => {
      const film = await loaded().wavefield(velocity, shot, every);
      return Comlink.transfer(film, movable(film));
    }),
};

/** The worker as the page sees it. */
export type EngineWorker = typeof api;

Comlink.expose(api);
