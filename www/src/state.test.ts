import type { EngineEvent, GenerateRequest, Origin, Pair, PairShape } from "@engine/wavediffusion.js";
import { describe, expect, it } from "vitest";
import { mapToText } from "./drawing/text";
import type { Loaded } from "./engine/worker";
import { onTheWay } from "./inversion";
import type { Manifest } from "./manifest";
import { wayOf } from "./morph";
import { DEFAULTS, DRAWN, requestOf, type Settings } from "./settings";
import { type Action, initialState, onScreen, reduce, type State, shown } from "./state";

const SETTINGS: Settings = { ...DEFAULTS, family: "Style-A", seed: 7, steps: 4, maps: 2, data: "Style-A" };
const REQUEST: GenerateRequest = requestOf(SETTINGS);

const SHAPE: PairShape = {
  nz: 2,
  nx: 2,
  spacing: 10,
  shots: 2,
  samples: 8,
  dt: 1e-3,
  receivers: 2,
  sourcesX: [0, 1],
  modelSamples: 1,
  modelDt: 8e-3,
};

const LOADED: Loaded = { backend: "flex", adapter: "", fallback: null, families: ["Style-A"], shape: SHAPE };

const MANIFEST: Manifest = {
  text: "{}",
  weights: { file: "w", bytes: 1, sha256: "" },
  families: ["FlatVel-A", "Style-A"],
  architecture: {
    tokens: [1, 1],
    codes: 2,
    codeWidth: 1,
    codesPerToken: 1,
    denoiser: { width: 1, depth: 1 },
    families: 2,
    bytes: 1,
    maps: 1,
  },
  baselines: { floorMedian: 0.1, floorP90: 0.2, ceilingMedian: 0.9 },
  grid: { nz: 2, nx: 2, spacing: 10, speeds: [1500, 4500], shots: 2, receivers: 2, sourcesX: [0, 1] },
  example: {
    file: "e",
    bytes: 1,
    sha256: "",
    family: "Style-A",
    seed: 7,
    steps: 4,
    guidance: 1.5,
    samples: 2,
    dt: 4e-3,
    deviation: 0.3,
    ssim: 0.9,
    mse: 0.01,
    consistent: false,
    path: [],
  },
};

const step = (number: number, deviation?: number): EngineEvent => ({
  kind: "step",
  step: number,
  steps: 4,
  preview: { velocity: new Float32Array(4), gathers: new Float32Array(4) },
  deviation,
  milliseconds: 12,
});

const PAIR: Pair = {
  request: REQUEST,
  backend: "flex",
  velocity: new Float32Array(4),
  generated: new Float32Array(32),
  simulated: new Float32Array(32),
  difference: new Float32Array(32),
  deviation: 0.15,
  ssim: 0.95,
  mse: 1e-3,
  consistent: true,
  floorMedian: 0.11,
  floorP90: 0.21,
  ceilingMedian: 0.91,
  path: [{ step: 4, deviation: 0.15 }],
  timings: [{ stage: "sample", milliseconds: 48 }],
};

const stateAfter = (...actions: Action[]): State =>
  actions.reduce(reduce, initialState({ ...SETTINGS, shot: 0 }, false));

const STARTED: Action[] = [
  { type: "manifest", manifest: MANIFEST },
  { type: "loaded", engine: LOADED },
  { type: "started", request: REQUEST },
];

const event = (of: EngineEvent): Action => ({ type: "event", event: of });

describe("reduce", () => {
  it("keeps the velocities that the colours span when the engine tells the shape of pairs", () => {
    const shape = { ...SHAPE, nz: 3 };
    const state = stateAfter(
      { type: "manifest", manifest: MANIFEST },
      { type: "loaded", engine: { ...LOADED, shape } },
    );
    expect(state.grid).toMatchObject({ nz: 3, speeds: MANIFEST.grid.speeds });
  });

  it("walks from loading over ready and running to done", () => {
    expect(stateAfter().phase).toBe("loading");
    expect(stateAfter(...STARTED.slice(0, 2)).phase).toBe("ready");
    expect(stateAfter(...STARTED).phase).toBe("running");
    expect(stateAfter(...STARTED, { type: "finished", pair: PAIR }).phase).toBe("done");
  });

  it("does not change the state that it was given", () => {
    const before = Object.freeze(stateAfter(...STARTED));
    expect(reduce(before, event(step(1, 0.8)))).not.toBe(before);
    expect(before.sample).toBeNull();
  });

  it("shows the intermediate pair of every step on the model's time axis", () => {
    const { sample, progress } = stateAfter(...STARTED, event(step(1)), event(step(2)));
    expect(sample).toMatchObject({ origin: "forming", step: 2, gathers: { samples: 1, dt: 8e-3, simulated: null } });
    expect(progress?.label).toBe("Denoising: step 2 of 4");
  });

  it("keeps what it shows when a step shows nothing", () => {
    const before = stateAfter(...STARTED, event(step(1)));
    expect(reduce(before, event({ kind: "step", step: 2, steps: 4, milliseconds: 12 })).sample).toBe(before.sample);
  });

  it("collects the deviation of every step", () => {
    const { sample } = stateAfter(...STARTED, event(step(1, 0.9)), event(step(2, 0.5)));
    expect(sample?.path).toEqual([
      { step: 1, deviation: 0.9 },
      { step: 2, deviation: 0.5 },
    ]);
  });

  it("starts a new path after a cancelled generation", () => {
    const cancelled: Action[] = [...STARTED, event(step(1, 0.9)), { type: "cancelled" }];
    expect(stateAfter(...cancelled)).toMatchObject({ phase: "ready", sample: { origin: "stopped", verdict: null } });
    const again = stateAfter(...cancelled, { type: "started", request: REQUEST }, event(step(1, 0.7)));
    expect(again.sample?.path).toEqual([{ step: 1, deviation: 0.7 }]);
  });

  it("ignores how much has been loaded once the engine is there", () => {
    const half: Action = { type: "loading", done: 5e6, total: 1e7 };
    expect(stateAfter(half).progress?.fraction).toBe(0.5);
    expect(stateAfter(...STARTED.slice(0, 2), half).progress).toBeNull();
  });

  it("ignores events of a generation that has ended", () => {
    const ended = stateAfter(...STARTED, { type: "finished", pair: PAIR });
    expect(reduce(ended, event(step(3)))).toBe(ended);
  });

  it("shows the pair of any step of a finished generation, and its simulation once it is there", () => {
    const events = [1, 2, 3, 4].map((number) => event(step(number, 1 / number)));
    const done = stateAfter(...STARTED, ...events, { type: "finished", pair: PAIR });
    const at = (state: State, number: number) => {
      const { settings } = reduce(state, { type: "settings", settings: { step: number } });
      return shown({ ...state, settings });
    };
    expect(at(done, 0)?.origin).toBe("generated");
    expect(at(done, 4)?.origin).toBe("generated");
    const second = at(done, 2);
    expect(second).toMatchObject({ origin: "passing", step: 2, verdict: null, gathers: { simulated: null } });
    expect(second?.path.at(-1)).toEqual({ step: 2, deviation: 0.5 });
    const velocity = second?.velocity ?? new Float32Array();
    // Two shots of eight samples at two receivers, of which the model has the first.
    const simulated = Float32Array.from({ length: 32 }, (_, i) => i);
    const told = at(reduce(done, { type: "passing", velocity, simulated }), 2);
    expect(told?.gathers.simulated).toEqual(new Float32Array([0, 1, 16, 17]));
    expect(told?.gathers.difference).toEqual(new Float32Array([0, -1, -16, -17]));
  });

  it("has no steps to go back to after the next generation has begun", () => {
    const done = stateAfter(...STARTED, event(step(1)), { type: "finished", pair: PAIR });
    expect(done.trail).toHaveLength(1);
    expect(reduce(done, { type: "started", request: REQUEST }).trail).toHaveLength(0);
  });

  it("does without the engine, and fetches it again", () => {
    const skipped = stateAfter({ type: "skipped" });
    expect(skipped).toMatchObject({ phase: "skipped", progress: null });
    const error = { code: "offline", message: "no" };
    const failed = reduce(skipped, { type: "failed", error, fatal: true });
    expect(reduce(failed, { type: "fetching" })).toMatchObject({ phase: "loading", error: null, engine: null });
  });

  it("takes verdict, timings and baselines from the finished pair", () => {
    const state = stateAfter(...STARTED, { type: "finished", pair: PAIR });
    expect(state.sample).toMatchObject({ origin: "generated", verdict: { deviation: 0.15, consistent: true } });
    expect(state.baselines).toEqual({ floorMedian: 0.11, floorP90: 0.21, ceilingMedian: 0.91 });
    expect(state.timings).toEqual(PAIR.timings);
  });

  it("never lets the example replace a pair that is on screen", () => {
    const values = new Float32Array(8);
    const example = {
      entry: MANIFEST.example,
      velocity: values,
      generated: values,
      simulated: values,
      difference: values,
    };
    const generated = stateAfter(...STARTED, { type: "finished", pair: PAIR });
    expect(reduce(generated, { type: "example", example })).toBe(generated);
    expect(stateAfter({ type: "example", example }).sample?.origin).toBe("example");
  });

  it("keeps the engine after a failed generation, and drops it after a fatal failure", () => {
    const error = { code: "bad-request", message: "no" };
    expect(stateAfter(...STARTED, { type: "failed", error, fatal: false })).toMatchObject({
      phase: "error",
      engine: LOADED,
    });
    expect(stateAfter(...STARTED, { type: "failed", error, fatal: true }).engine).toBeNull();
  });

  it("turns an unknown family of the address into any family, and says so", () => {
    const state = stateAfter({ type: "settings", settings: { family: "FlatVel-C" } }, ...STARTED.slice(0, 1));
    expect(state.settings.family).toBeNull();
    expect(state.error).toMatchObject({ code: "unknown-family" });
    expect(
      stateAfter({ type: "settings", settings: { family: "style-a" } }, ...STARTED.slice(0, 1)).settings.family,
    ).toBe("Style-A");
  });

  it("keeps the shot inside the survey", () => {
    expect(stateAfter({ type: "settings", settings: { shot: 9 } }, ...STARTED.slice(0, 1)).settings.shot).toBe(1);
  });

  it("drops a film that belongs to another shot", () => {
    const frames = { frames: 1, nz: 2, nx: 2, every: 4, values: new Float32Array(4) };
    const velocity = PAIR.velocity;
    const waiting = stateAfter({ type: "film", change: { type: "requested", velocity, shot: 0, frame: null } });
    const arrived = (shot: number) => {
      const change = { type: "arrived" as const, velocity, shot, frames };
      return reduce(waiting, { type: "film", change }).film?.frames;
    };
    expect(arrived(1)).toBeNull();
    expect(arrived(0)).toBe(frames);
  });

  it("opens a pair of the gallery with its own settings", () => {
    const gallery = stateAfter(
      { type: "settings", settings: { mode: "gallery" } },
      { type: "gallery-started" },
      { type: "gallery-pair", pair: PAIR, wanted: 12 },
    );
    expect(gallery.progress).toMatchObject({ fraction: 1 / 12 });
    const opened = reduce(gallery, { type: "open", pair: PAIR });
    expect(opened.settings).toMatchObject({ mode: "generate", seed: PAIR.request.seed });
    expect(shown(opened)?.velocity).toBe(PAIR.velocity);
  });

  it("begins a drawing with the pair on screen, and only once", () => {
    const draw: Action = { type: "settings", settings: { mode: "draw" } };
    const drawing = stateAfter(...STARTED, { type: "finished", pair: PAIR }, draw);
    expect(shown(drawing)).toMatchObject({ origin: "drawn", verdict: null, gathers: { simulated: PAIR.simulated } });
    expect(shown(drawing)?.velocity).toBe(PAIR.velocity);
    const painted = new Float32Array(4).fill(3000);
    const later = [
      { type: "drawing", change: { type: "stroke", velocity: painted } },
      { type: "drawing", change: { type: "keep" } },
      { type: "settings", settings: { mode: "generate" } },
      draw,
    ] satisfies Action[];
    expect(shown(later.reduce(reduce, drawing))?.velocity).toBe(painted);
  });

  describe("a drawing in the address", () => {
    const map = (value: number) => new Float32Array(4).fill(value);
    const settings = (of: Partial<Settings>): Action => ({ type: "settings", settings: of });
    const drawn = mapToText(map(2500));
    const linked = stateAfter(settings({ mode: "draw", drawn }), { type: "manifest", manifest: MANIFEST });

    it("is drawn on, whatever pair comes", () => {
      expect(linked.drawing?.map).toEqual(map(2500));
      const later = reduce(linked, { type: "finished", pair: PAIR });
      expect(shown(later)?.velocity).toEqual(map(2500));
    });

    it("follows every whole stroke, and undo", () => {
      const stroke: Action = { type: "drawing", change: { type: "stroke", velocity: map(3000) } };
      const under = reduce(linked, stroke);
      expect(under.settings.drawn).toBe(drawn);
      const kept = reduce(under, { type: "drawing", change: { type: "keep" } });
      expect(kept.settings.drawn).toBe(mapToText(map(3000)));
      expect(reduce(kept, { type: "drawing", change: { type: "undo" } }).settings.drawn).toBe(drawn);
    });

    it("takes the place of another one, which undo brings back", () => {
      const other = reduce(linked, settings({ drawn: mapToText(map(4000)) }));
      expect(other.drawing?.map).toEqual(map(4000));
      expect(reduce(other, { type: "drawing", change: { type: "undo" } }).drawing?.map).toEqual(map(2500));
      // As it stands already, or where none is named, nothing changes.
      expect(reduce(other, settings({ drawn: mapToText(map(4000)) })).drawing).toBe(other.drawing);
      const back = reduce(other, settings({ ...DEFAULTS, mode: "draw" }));
      expect([back.drawing, back.settings.drawn]).toEqual([other.drawing, other.settings.drawn]);
    });

    it("is that of the generated pair, but not of the example, which is what none stands for", () => {
      const pair = stateAfter(...STARTED, { type: "finished", pair: PAIR }, settings({ mode: "draw" }));
      expect(pair.settings.drawn).toBe(mapToText(PAIR.velocity));
    });

    it("is named when damaged, and replaced", () => {
      const damaged = stateAfter(
        ...STARTED,
        { type: "finished", pair: PAIR },
        settings({ mode: "draw", drawn: "AAAA" }),
      );
      expect(damaged.error).toMatchObject({ code: "bad-address" });
      expect(shown(damaged)?.velocity).toBe(PAIR.velocity);
      const again = reduce(linked, settings({ drawn: "AAAA" }));
      expect([again.drawing, again.settings.drawn]).toEqual([linked.drawing, drawn]);
    });

    it("is what an inversion begins with", () => {
      const { drawing } = stateAfter(settings({ mode: "invert", data: DRAWN, drawn }), {
        type: "manifest",
        manifest: MANIFEST,
      });
      expect(drawing?.map).toEqual(map(2500));
    });
  });

  it("keeps a notice while the engine is fetched", () => {
    const error = { code: "unknown-family", message: "no" };
    expect(stateAfter({ type: "notice", error }, { type: "fetching" }).error).toBe(error);
  });

  it("keeps the drawn velocity inside what the model knows", () => {
    const settings = { speed: 9000 };
    expect(stateAfter(...STARTED.slice(0, 1), { type: "settings", settings }).settings.speed).toBe(4500);
  });

  it("shows the chosen point of a morph, or the last that is there", () => {
    const requests = wayOf(REQUEST, { toward: 9, points: 3, point: 0 });
    expect(requests.map(({ toward }) => toward)).toEqual([
      { seed: 9, fraction: 0 },
      { seed: 9, fraction: 0.5 },
      { seed: 9, fraction: 1 },
    ]);
    const pairs = requests.map((request) => ({ ...PAIR, request, velocity: new Float32Array(4) }));
    const [first, second] = pairs.map((pair): Action => ({ type: "morph-pair", pair }));
    const settings = { mode: "morph" as const, points: 3, point: 2 };
    const started = stateAfter({ type: "settings", settings }, { type: "morph-started", points: 3 });
    expect(shown(started)).toBeNull();
    const half = [first, second].reduce((state, action) => (action ? reduce(state, action) : state), started);
    expect(shown(half)).toMatchObject({ toward: { seed: 9, fraction: 0.5 } });
    expect(half.progress).toMatchObject({ fraction: 2 / 3 });
    expect(shown(reduce(half, { type: "settings", settings: { point: 0 } }))?.velocity).toBe(pairs[0]?.velocity);
  });

  it("begins a pair anew when the engine has moved", () => {
    const first: Action = { type: "event", event: step(1, 0.5) };
    const reason = { code: "device-lost", message: "The GPU device was lost." };
    const moved: Action = { type: "moved", engine: { ...LOADED, backend: "flex" }, error: reason };
    const start: Action = { type: "started", request: REQUEST };
    const state = stateAfter({ type: "loaded", engine: LOADED }, start, first, moved, first);
    expect(state).toMatchObject({ phase: "running", error: reason, engine: { backend: "flex" } });
    expect(state.sample?.path).toEqual([{ step: 1, deviation: 0.5 }]);
  });

  it("is at work while the map to invert is simulated, and begins an inversion anew when the engine has moved", () => {
    const given = { data: "Style-A", name: "Style-A", gathers: new Float32Array(2), truth: null };
    const request = { samples: 2, spread: 0.4, seed: 1, steps: 4 };
    const map = (index: number, misfit: number) =>
      event({
        kind: "inverted",
        index,
        samples: 2,
        origin: "sampled",
        velocity: new Float32Array(4),
        misfit,
        milliseconds: 1,
      });
    const preparing = stateAfter({ type: "loaded", engine: LOADED }, { type: "preparing" });
    expect(preparing.phase).toBe("running");
    const begun: Action[] = [{ type: "given", given }, { type: "inverting", request }, map(0, 0.5), map(1, 0.4)];
    const error = { code: "device-lost", message: "The GPU device was lost." };
    const again: Action[] = [...begun, { type: "moved", engine: LOADED, error }, map(0, 0.3)];
    const misfits = again.reduce(reduce, preparing).inverted?.maps.map(({ misfit }) => misfit);
    expect(misfits).toEqual([0.3]);
  });

  it("drops a film that was waited for when the work is called off", () => {
    const film: Action = {
      type: "film",
      change: { type: "requested", velocity: PAIR.velocity, shot: 0, frame: null },
    };
    expect(stateAfter(...STARTED, film, { type: "cancelled" }).film).toBeNull();
  });

  it("links to the pair on screen, whatever the form says by now", () => {
    const later = { seed: 77, steps: 2, shot: 1 };
    const done = stateAfter(...STARTED, { type: "finished", pair: PAIR }, { type: "settings", settings: later });
    expect(onScreen(done)).toMatchObject({ family: "Style-A", seed: 7, steps: 4, shot: 1, run: true });
    const requests = wayOf(REQUEST, { toward: 9, points: 3, point: 0 });
    const pairs = requests.map((request): Action => ({ type: "morph-pair", pair: { ...PAIR, request } }));
    const morphed = stateAfter(
      { type: "settings", settings: { mode: "morph", points: 3 } },
      { type: "morph-started", points: 3 },
      ...pairs,
      { type: "settings", settings: { seed: 77, toward: 78, points: 5 } },
    );
    expect(onScreen(morphed)).toMatchObject({ mode: "morph", seed: 7, toward: 9, points: 3 });
  });

  it("tells how far a round of refinement is, and does not count its maps among the samples", () => {
    const given = { data: "FlatVel-A", name: "FlatVel-A", gathers: new Float32Array(4), truth: null };
    const request = { samples: 2, spread: 0.4, rounds: 1, seed: 1, steps: 4 };
    const map = (index: number, origin: Origin) =>
      event({
        kind: "inverted",
        index,
        samples: 3,
        origin,
        velocity: new Float32Array(4),
        misfit: 0.1,
        milliseconds: 1,
      });
    const begun = stateAfter(
      { type: "loaded", engine: LOADED },
      { type: "given", given },
      { type: "inverting", request },
      map(0, "encoded"),
    );
    const during = reduce(begun, event({ kind: "refining", index: 1, samples: 3, done: 5, total: 10 }));
    expect(during.progress).toEqual({ label: "Refining, round 1: step 5 of 10", fraction: 0.5 });
    const after = [map(1, "refined"), map(2, "sampled")].reduce(reduce, during);
    expect(onTheWay(after.inverted?.maps ?? [])).toBe(1);
  });

  it("shows the inverted map whose gathers come nearest, and any other that is chosen", () => {
    const given = { data: "file-0123456789abcdef", name: "d.npy", gathers: new Float32Array([1, 2]), truth: null };
    const map = (index: number, misfit: number): Action => {
      const velocity = new Float32Array(4).fill(2000 + index);
      return {
        type: "event",
        event: { kind: "inverted", index, samples: 2, origin: "sampled", velocity, misfit, milliseconds: 1 },
      };
    };
    const request = { samples: 2, spread: 0.4, seed: 1, steps: 4 };
    const inversion = {
      request,
      velocities: new Float32Array(8),
      simulated: new Float32Array([1, 1, 2, 2]),
      misfits: [0.5, 0.1],
      mean: new Float32Array(4),
      spread: new Float32Array(4),
    };
    const state = stateAfter(
      { type: "loaded", engine: LOADED },
      { type: "settings", settings: { mode: "invert" } },
      { type: "given", given },
      { type: "inverting", request },
      map(0, 0.5),
      map(1, 0.1),
      { type: "inverted", inversion },
    );
    expect(shown(state)).toMatchObject({ velocity: new Float32Array(4).fill(2001) });
    expect(shown(state)?.gathers.difference).toEqual(new Float32Array([-1, 0]));
    expect(
      shown(reduce({ ...state, settings: { ...state.settings, map: 0 } }, { type: "inverted", inversion })),
    ).toMatchObject({
      velocity: new Float32Array(4).fill(2000),
    });
    expect(shown(reduce(state, { type: "choose", index: 0 }))?.gathers.simulated).toEqual(new Float32Array([1, 1]));
    expect(shown(reduce(state, { type: "settings", settings: { mode: "generate" } }))).toBeNull();
  });
});
