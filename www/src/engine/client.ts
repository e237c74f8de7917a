/** The page's side of the engine: starts the worker and turns what it reports into actions. */

import type { Backend, EngineEvent, GenerateRequest, InvertRequest, Pair } from "@engine/wavediffusion.js";
import * as Comlink from "comlink";
import type { DrawingChange } from "../drawing/drawing";
import type { Given } from "../inversion";
import type { Manifest } from "../manifest";
import type { Action } from "../state";
import { open } from "./download";
import { describe, Failure, type FailureMessage } from "./failure";
import { lifelineEnds } from "./lifeline";
import type { EngineWorker, Loaded } from "./worker";

/** Largest file that is taken: OpenFWI's own hold 500 sets of gathers in 700 MB. */
const MOST_BYTES = 800e6;

/** One frame of the wavefield film for this many time steps. */
const FILM_EVERY = 4;

/** Failures after which only a new worker goes on. */
const ENDS = ["device-lost", "engine-stopped", "out-of-memory", "worker-stopped"];

/** Times that the engine is started again by itself. */
const RECOVERIES = 3;

export interface EngineClient {
  load(manifest: Manifest, base: URL, backend: Backend | null): Promise<void>;
  /** Ends the download that is under way; `load` begins it anew. */
  skip(): void;
  generate(request: GenerateRequest): Promise<void>;
  /** Generates the pairs one after the other. */
  gallery(requests: readonly GenerateRequest[]): Promise<void>;
  /** The same for the pairs of a morph. */
  morph(requests: readonly GenerateRequest[]): Promise<void>;
  /** Simulates a drawn map, and has the model predict what comes of it. */
  predict(velocity: Float32Array): Promise<void>;
  /** The velocity map in the visitor's file; null, and a notice, where there is none. */
  readMap(file: File): Promise<Float32Array | null>;
  /** The same for gathers. */
  readGathers(file: File): Promise<Float32Array | null>;
  invert(given: Given, request: InvertRequest): Promise<void>;
  /** Simulates a map, or the one in a .npy file of ours, and inverts the gathers. */
  invertMap(of: Omit<Given, "gathers" | "truth">, map: Float32Array | URL, request: InvertRequest): Promise<void>;
  /** A .npy file of a velocity map or of gathers; null, and a notice, where that fails. */
  toNpy(kind: "velocity" | "gathers", values: Float32Array): Promise<Blob | null>;
  cancel(): Promise<void>;
  /** Makes the wavefield film, which then runs, or stands at a frame. */
  film(velocity: Float32Array, shot: number, frame?: number): Promise<void>;
  /** Finds the direct wave through a velocity map. */
  directWave(velocity: Float32Array): Promise<void>;
  /** Simulates the map of a denoising step. */
  simulate(velocity: Float32Array): Promise<void>;
}

/** Has the engine do a job. */
type Run = <T>(job: () => Promise<T>) => Promise<T>;

export function createEngineClient(dispatch: (action: Action) => void): EngineClient {
  let worker: Worker;
  let engine: Comlink.Remote<EngineWorker>;
  // The engine does one thing at a time; what comes meanwhile waits.
  let last: Promise<unknown>;
  /** Whether the worker has failed, and another one is needed. */
  let spent: boolean;
  /** Rejects when the browser ends the worker. */
  let end: Promise<never>;
  const employ = () => {
    spent = false;
    worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "engine" });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      spent = true;
      const message = `The engine's worker could not run: ${event.message || "its script did not load"}.`;
      dispatch({ type: "failed", error: { code: "worker-failed", message }, fatal: true });
    });
    engine = Comlink.wrap<EngineWorker>(worker);
    last = Promise.resolve();
    end = ended(worker, engine);
    end.catch(() => undefined);
  };
  const replace = () => {
    worker.terminate();
    employ();
  };
  employ();
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const turn = last.then(() => Promise.race([job(), end]));
    last = turn.catch(() => undefined);
    return turn;
  };

  let cancellations = 0;
  /** The jobs of a run in their turn; those that waited when the run was called off do not begin. */
  const newRun = (): Run => {
    const before = cancellations;
    return (job) =>
      inTurn(() => {
        if (cancellations !== before) throw new Failure("cancelled", "The work was called off.");
        return job();
      });
  };

  /** Fetches the engine into the worker; tells whether it is there. */
  let fetchEngine: () => Promise<boolean> = async () => false;
  let recoveries = 0;
  /** Starts the engine again after a failure that has ended it. */
  const recover = async (error: FailureMessage) => {
    replace();
    if (recoveries++ >= RECOVERIES) return;
    dispatch({ type: "fetching" });
    if (!(await fetchEngine())) return;
    dispatch({ type: "notice", error: { ...error, message: `${error.message} The engine has been started again.` } });
  };

  /** Waits until the browser ends a worker that is still in use; a call that is under way fails, or the wait does. */
  async function ended(mine: Worker, of: Comlink.Remote<EngineWorker>): Promise<never> {
    const name = await of.lifeline();
    if (name === null) return new Promise<never>(() => undefined);
    await lifelineEnds(name);
    const failure = new Failure("worker-stopped", "The browser ended the engine's worker.");
    // After those that wait for it.
    setTimeout(() => {
      if (mine === worker && !spent) fail(failure);
    });
    throw failure;
  }

  const moved = Comlink.proxy((engine: Loaded, error: FailureMessage) => dispatch({ type: "moved", engine, error }));
  const hear = Comlink.proxy((event: EngineEvent) => dispatch({ type: "event", event }));
  const fail = (thrown: unknown) => {
    const error = describe(thrown);
    const fatal = ENDS.includes(error.code);
    dispatch(error.code === "cancelled" ? { type: "cancelled" } : { type: "failed", error, fatal });
    if (fatal) void recover(error);
  };
  /** A failure that stops nothing, unless it has ended the engine. What was called off is none. */
  const note = (thrown: unknown) => {
    const error = describe(thrown);
    if (ENDS.includes(error.code)) fail(error);
    else if (error.code !== "cancelled") dispatch({ type: "notice", error });
  };
  const silent = Comlink.proxy(() => undefined);
  const invert = async (given: Given, request: InvertRequest, run: Run): Promise<void> => {
    const { gathers, truth } = given;
    dispatch({ type: "given", given });
    dispatch({ type: "inverting", request });
    dispatch({ type: "inverted", inversion: await run(() => engine.invert(gathers, truth, request, hear)) });
  };

  const fetchMap = async (file: URL): Promise<Float32Array> => {
    const bytes = new Uint8Array(await (await open(file)).arrayBuffer());
    return inTurn(() => engine.readVelocity(bytes));
  };

  /** Generates one pair after the other. */
  const each = async (requests: readonly GenerateRequest[], onPair: (pair: Pair) => void): Promise<void> => {
    const run = newRun();
    for (const request of requests) onPair(await run(() => engine.generate(request, silent)));
  };
  /** Hands the bytes of a file over; what is wrong with them is told, and stops nothing. */
  const read = async <T>(file: File, of: (bytes: Uint8Array) => Promise<T>): Promise<T | null> => {
    try {
      if (file.size > MOST_BYTES) {
        const size = (file.size / 1e6).toFixed(0);
        throw new Failure("bad-file", `It has ${size} MB; files of up to ${MOST_BYTES / 1e6} MB are read here.`);
      }
      const bytes = new Uint8Array(await file.arrayBuffer());
      return await inTurn(() => of(Comlink.transfer(bytes, [bytes.buffer])));
    } catch (thrown) {
      const { code, message } = describe(thrown);
      note({ code, message: code === "bad-file" ? `${file.name}: ${message}` : message });
      return null;
    }
  };

  return {
    async load(manifest, base, backend) {
      const request = { manifest: manifest.text, weights: manifest.weights, base: base.href, backend };
      fetchEngine = async () => {
        const here = worker;
        const onProgress = (done: number, total: number) => {
          if (here === worker) dispatch({ type: "loading", done, total });
        };
        try {
          const loading = engine.load(request, Comlink.proxy(onProgress), moved);
          dispatch({ type: "loaded", engine: await Promise.race([loading, end]) });
          return true;
        } catch (thrown) {
          // Its worker was dismissed: nobody waits for it.
          if (here !== worker) return false;
          spent = true;
          dispatch({ type: "failed", error: describe(thrown), fatal: true });
          return false;
        }
      };
      if (spent) replace();
      await fetchEngine();
    },

    skip() {
      replace();
      dispatch({ type: "skipped" });
    },

    async generate(request) {
      const run = newRun();
      dispatch({ type: "started", request });
      try {
        const pair = await run(() => engine.generate(request, hear));
        dispatch({ type: "finished", pair });
      } catch (thrown) {
        fail(thrown);
      }
    },

    async gallery(requests) {
      dispatch({ type: "gallery-started" });
      try {
        await each(requests, (pair) => dispatch({ type: "gallery-pair", pair, wanted: requests.length }));
        dispatch({ type: "gallery-finished" });
      } catch (thrown) {
        fail(thrown);
      }
    },

    async morph(requests) {
      dispatch({ type: "morph-started", points: requests.length });
      try {
        await each(requests, (pair) => dispatch({ type: "morph-pair", pair }));
        dispatch({ type: "morph-finished" });
      } catch (thrown) {
        fail(thrown);
      }
    },

    async predict(velocity) {
      const tell = (change: DrawingChange) => dispatch({ type: "drawing", change });
      tell({ type: "asked", velocity });
      const onEvent = (event: EngineEvent) => {
        if (event.kind === "simulated") tell({ type: "simulated", velocity, gathers: event.gathers });
      };
      try {
        const prediction = await inTurn(() => engine.predict(velocity, Comlink.proxy(onEvent)));
        tell({ type: "predicted", velocity, prediction });
      } catch (thrown) {
        const error = describe(thrown);
        // An engine that ended says nothing about the map.
        const off = error.code === "cancelled" || ENDS.includes(error.code);
        tell({ type: off ? "called-off" : "failed", velocity });
        note(error);
      }
    },

    readMap: (file) => read(file, (bytes) => engine.readVelocity(bytes)),
    readGathers: (file) => read(file, (bytes) => engine.readGathers(bytes)),

    invert: (given, request) => invert(given, request, newRun()).catch(fail),

    async invertMap(of, map, request) {
      const run = newRun();
      dispatch({ type: "preparing" });
      try {
        const truth = map instanceof URL ? await fetchMap(map) : map;
        const gathers = await run(() => engine.simulate(truth));
        await invert({ ...of, gathers, truth }, request, run);
      } catch (thrown) {
        fail(thrown);
      }
    },

    async toNpy(kind, values) {
      try {
        const write = kind === "velocity" ? engine.writeVelocity : engine.writeGathers;
        return new Blob([await inTurn(() => write(values))], { type: "application/octet-stream" });
      } catch (thrown) {
        note(thrown);
        return null;
      }
    },

    async cancel() {
      cancellations += 1;
      await engine.cancel();
    },

    async film(velocity, shot, frame) {
      dispatch({ type: "film", change: { type: "requested", velocity, shot, frame: frame ?? null } });
      try {
        const frames = await inTurn(() => engine.wavefield(velocity, shot, FILM_EVERY));
        dispatch({ type: "film", change: { type: "arrived", velocity, shot, frames } });
      } catch (thrown) {
        fail(thrown);
      }
    },

    async directWave(velocity) {
      try {
        const end = await inTurn(() => engine.directWaveEnd(velocity));
        dispatch({ type: "direct-wave", directWave: { velocity, end } });
      } catch (thrown) {
        note(thrown);
      }
    },

    async simulate(velocity) {
      try {
        const simulated = await inTurn(() => engine.simulate(velocity));
        dispatch({ type: "passing", velocity, simulated });
      } catch (thrown) {
        note(thrown);
      }
    },
  };
}
