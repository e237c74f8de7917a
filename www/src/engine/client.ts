/** The page's side of the engine: starts the worker and turns what it reports into actions. */

import type { Backend, EngineEvent, GenerateRequest } from "@engine/wavediffusion.js";
import * as Comlink from "comlink";
import type { Manifest } from "../manifest";
import type { Action } from "../state";
import { describe } from "./failure";
import type { EngineWorker } from "./worker";

/** One frame of the wavefield film for this many time steps. */
const FILM_EVERY = 4;

export interface EngineClient {
  load(manifest: Manifest, base: URL, backend: Backend | null): Promise<void>;
  generate(request: GenerateRequest): Promise<void>;
  cancel(): Promise<void>;
  film(velocity: Float32Array, shot: number): Promise<void>;
}

export function createEngineClient(dispatch: (action: Action) => void): EngineClient {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "engine" });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    const message = `The engine's worker could not run: ${event.message || "its script did not load"}.`;
    dispatch({ type: "failed", error: { code: "worker-failed", message }, fatal: true });
  });
  const engine = Comlink.wrap<EngineWorker>(worker);

  // The engine does one thing at a time; what comes meanwhile waits.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const turn = last.then(job);
    last = turn.catch(() => undefined);
    return turn;
  };

  return {
    async load(manifest, base, backend) {
      const request = { manifest: manifest.text, weights: manifest.weights, base: base.href, backend };
      const onProgress = (done: number, total: number) => dispatch({ type: "loading", done, total });
      try {
        dispatch({ type: "loaded", engine: await engine.load(request, Comlink.proxy(onProgress)) });
      } catch (thrown) {
        dispatch({ type: "failed", error: describe(thrown), fatal: true });
      }
    },

    async generate(request) {
      dispatch({ type: "started", request });
      try {
        const onEvent = Comlink.proxy((event: EngineEvent) => dispatch({ type: "event", event }));
        const pair = await inTurn(() => engine.generate(request, onEvent));
        dispatch({ type: "finished", pair });
      } catch (thrown) {
        const error = describe(thrown);
        dispatch(error.code === "cancelled" ? { type: "cancelled" } : { type: "failed", error, fatal: false });
      }
    },

    async cancel() {
      await engine.cancel();
    },

    async film(velocity, shot) {
      dispatch({ type: "film-requested", velocity, shot });
      try {
        const film = await inTurn(() => engine.wavefield(velocity, shot, FILM_EVERY));
        dispatch({ type: "film", velocity, shot, film });
      } catch (thrown) {
        dispatch({ type: "failed", error: describe(thrown), fatal: false });
      }
    },
  };
}
