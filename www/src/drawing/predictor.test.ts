import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Loaded } from "../engine/worker";
import { DEFAULTS, type Settings } from "../settings";
import { initialState } from "../state";
import { createStore } from "../store";
import { createPredictor } from "./predictor";

const SETTINGS: Settings = { ...DEFAULTS, mode: "draw" };

const ENGINE: Loaded = {
  backend: "flex",
  adapter: "",
  fallback: null,
  families: [],
  shape: {
    nz: 2,
    nx: 2,
    spacing: 10,
    shots: 1,
    samples: 8,
    dt: 1e-3,
    receivers: 2,
    sourcesX: [0],
    modelSamples: 1,
    modelDt: 8e-3,
  },
};

/** A store with a drawing, and an engine that answers when told to. */
function page() {
  const store = createStore(initialState(SETTINGS, false));
  const asked: Float32Array[] = [];
  let end: () => void = () => undefined;
  const engine = {
    predict(velocity: Float32Array) {
      asked.push(velocity);
      store.dispatch({ type: "drawing", change: { type: "asked", velocity } });
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    },
    cancel: vi.fn(() => {
      end();
      return Promise.resolve();
    }),
  };
  createPredictor(store, engine);
  const draw = (value: number) => {
    const velocity = new Float32Array(4).fill(value);
    store.dispatch({ type: "drawing", change: { type: "start", velocity } });
    return velocity;
  };
  return { store, asked, engine, draw, load: () => store.dispatch({ type: "loaded", engine: ENGINE }) };
}

const rest = () => vi.advanceTimersByTimeAsync(1000);

describe("the predictor", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("asks once about a drawing that rests, as soon as there is an engine", async () => {
    const { asked, draw, load } = page();
    const map = draw(2000);
    await rest();
    expect(asked).toEqual([]);
    load();
    await rest();
    await rest();
    expect(asked).toEqual([map]);
  });

  it("waits for the last of quick strokes", async () => {
    const { asked, draw, load } = page();
    load();
    draw(2000);
    await vi.advanceTimersByTimeAsync(100);
    draw(2500);
    await vi.advanceTimersByTimeAsync(100);
    const last = draw(3000);
    await rest();
    expect(asked).toEqual([last]);
  });

  it("calls off what is of an earlier map, and then asks about the latest", async () => {
    const { asked, draw, load, engine } = page();
    load();
    const first = draw(2000);
    await rest();
    const second = draw(3000);
    await rest();
    expect(engine.cancel).toHaveBeenCalledOnce();
    expect(asked).toEqual([first, second]);
  });

  it("leaves the engine alone in other modes", async () => {
    const { store, asked, draw, load } = page();
    load();
    draw(2000);
    store.dispatch({ type: "settings", settings: { mode: "generate" } });
    await rest();
    expect(asked).toEqual([]);
  });
});
