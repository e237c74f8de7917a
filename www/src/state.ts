/** The page's state: one object, changed only by `reduce`. */

import type { EngineEvent, GenerateRequest, Inversion, InvertRequest, Pair } from "@engine/wavediffusion.js";
import type { DirectWave, Pointer } from "./display";
import { type Drawing, type DrawingChange, reduceDrawing, startDrawing } from "./drawing/drawing";
import { mapToText, textToMap } from "./drawing/text";
import type { FailureMessage } from "./engine/failure";
import type { Loaded } from "./engine/worker";
import type { Example } from "./example";
import { type Film, type FilmChange, reduceFilm } from "./film";
import { type Given, type Inverted, inverted, invertedSample, oneMore, startInversion } from "./inversion";
import type { Architecture, Baselines, Grid, Manifest } from "./manifest";
import { type Morph, morphIndex } from "./morph";
import { counting, denoising, loading, type Progress, refining, simulating, type Timing } from "./progress";
import { exampleSample, formingSample, pairSample, type Sample, stopped, withSimulation } from "./sample";
import { type Settings, usesDrawing } from "./settings";

/** As tests see it: the attribute `data-state` of the status line. */
export type Phase = "loading" | "skipped" | "ready" | "running" | "done" | "error";

export interface State {
  settings: Settings;
  /** The system's colour scheme. */
  dark: boolean;
  phase: Phase;
  progress: Progress | null;
  error: FailureMessage | null;
  families: readonly string[];
  grid: Grid | null;
  baselines: Baselines | null;
  architecture: Architecture | null;
  engine: Loaded | null;
  /** Whether the browser has kept the page for visits without a network. */
  kept: boolean;
  /** The generation under way. */
  request: GenerateRequest | null;
  sample: Sample | null;
  /** What the denoising steps on the way to it decoded into. */
  trail: readonly Sample[];
  timings: readonly Timing[];
  /** Milliseconds of the last denoising step. */
  stepTime: number | null;
  film: Film | null;
  /** Pairs of the gallery so far, in the order of their seeds. */
  gallery: readonly Pair[];
  /** What is inverted, and what came of it. */
  inverted: Inverted | null;
  drawing: Drawing | null;
  morph: Morph | null;
  /** What the pointer is over. */
  pointer: Pointer | null;
  directWave: DirectWave | null;
}

export type Action =
  | { type: "theme"; dark: boolean }
  | { type: "settings"; settings: Partial<Settings> }
  | { type: "manifest"; manifest: Manifest }
  | { type: "example"; example: Example }
  /** The engine is fetched, again perhaps. */
  | { type: "fetching" }
  | { type: "loading"; done: number; total: number }
  /** The page stays without the engine until somebody asks for it. */
  | { type: "skipped" }
  | { type: "loaded"; engine: Loaded }
  /** The page can be visited without a network from now on. */
  | { type: "kept" }
  /** The engine goes on elsewhere, and what it was at begins anew. */
  | { type: "moved"; engine: Loaded; error: FailureMessage }
  | { type: "started"; request: GenerateRequest }
  | { type: "event"; event: EngineEvent }
  | { type: "finished"; pair: Pair }
  /** The gathers of a denoising step's map. */
  | { type: "passing"; velocity: Float32Array; simulated: Float32Array }
  | { type: "gallery-started" }
  | { type: "gallery-pair"; pair: Pair; wanted: number }
  | { type: "gallery-finished" }
  /** Shows a pair of the gallery as if it had just been generated. */
  | { type: "open"; pair: Pair }
  /** The gathers that are to be inverted are being made. */
  | { type: "preparing" }
  | { type: "given"; given: Given }
  | { type: "inverting"; request: InvertRequest }
  | { type: "inverted"; inversion: Inversion }
  | { type: "choose"; index: number }
  | { type: "drawing"; change: DrawingChange }
  | { type: "morph-started"; points: number }
  | { type: "morph-pair"; pair: Pair }
  | { type: "morph-finished" }
  | { type: "cancelled" }
  /** Something to tell that stops nothing. */
  | { type: "notice"; error: FailureMessage }
  | { type: "failed"; error: FailureMessage; fatal: boolean }
  | { type: "film"; change: FilmChange }
  | { type: "point"; pointer: Pointer | null }
  | { type: "direct-wave"; directWave: DirectWave };

export const initialState = (settings: Settings, dark: boolean): State => ({
  settings,
  dark,
  phase: "loading",
  progress: { label: "Loading the page's example", fraction: null },
  error: null,
  families: [],
  grid: null,
  baselines: null,
  architecture: null,
  engine: null,
  kept: false,
  request: null,
  sample: null,
  trail: [],
  timings: [],
  stepTime: null,
  film: null,
  gallery: [],
  inverted: null,
  drawing: null,
  morph: null,
  pointer: null,
  directWave: null,
});

/** The pair that the panels show. */
export function shown({ settings, sample, trail, inverted, drawing, morph }: State): Sample | null {
  switch (settings.mode) {
    case "invert":
      return inverted?.sample ?? null;
    case "draw":
      return drawing?.sample ?? null;
    case "morph":
      return morph?.samples[morphIndex(morph, settings.point)] ?? null;
    default:
      return (sample?.origin === "generated" && trail.find(({ step }) => step === settings.step)) || sample;
  }
}

/** The settings that make what is on screen: those of the form may have been changed since. The example is there with any. */
export function onScreen(state: State): Settings {
  const { settings, morph } = state;
  const sample = shown(state);
  if (!sample || sample.origin === "example") return settings;
  if (settings.mode !== "generate" && settings.mode !== "morph") return settings;
  const { family, seed, steps, guidance, toward } = sample;
  const made = { ...settings, family, seed, steps, guidance, run: true };
  return toward && morph ? { ...made, toward: toward.seed, points: morph.points } : made;
}

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "theme":
      return { ...state, dark: action.dark };
    case "settings":
      return withSettings(state, action.settings);
    case "manifest": {
      const { families, grid, baselines, architecture } = action.manifest;
      return withDrawing(knownFamily(clamped({ ...state, families, grid, baselines, architecture })));
    }
    case "example":
      return state.sample ? state : withDrawing({ ...state, sample: exampleSample(action.example) });
    case "fetching":
      return {
        ...state,
        phase: "loading",
        engine: null,
        // A notice is not about the engine, and stays.
        error: state.phase === "error" ? null : state.error,
        progress: { label: "Loading the engine", fraction: null },
      };
    case "kept":
      return { ...state, kept: true };
    case "skipped":
      return { ...state, phase: "skipped", progress: null };
    case "loading":
      // The last of these may arrive after the answer that they lead up to.
      return state.phase === "loading" ? { ...state, progress: loading(action.done, action.total) } : state;
    case "moved":
      return {
        ...state,
        engine: action.engine,
        error: action.error,
        timings: [],
        trail: [],
        sample: stopped(state.sample),
      };
    case "loaded": {
      const { families, shape } = action.engine;
      const grid = state.grid && { ...shape, speeds: state.grid.speeds };
      return { ...state, engine: action.engine, families, grid, phase: "ready", progress: null };
    }
    case "started":
      return { ...begun(state, "Drawing noise"), request: action.request, trail: [] };
    case "event":
      if (action.event.kind === "inverted") return invertedMap(state, action.event);
      if (action.event.kind === "refining") return roundOf(state, action.event);
      return state.request ? reduceEvent(state, state.request, action.event) : state;
    case "finished":
      return finished(state, action.pair);
    case "passing":
      return simulatedPassing(state, action.velocity, action.simulated);
    case "gallery-started":
      return { ...begun(state, "Drawing noise"), gallery: [] };
    case "gallery-pair": {
      const gallery = [...state.gallery, action.pair];
      return { ...state, gallery, progress: counting("Pair", gallery.length, action.wanted) };
    }
    case "gallery-finished":
    case "morph-finished":
      return { ...state, phase: "done", progress: null };
    case "open": {
      const { family, seed, steps, guidance } = action.pair.request;
      const settings = {
        ...state.settings,
        mode: "generate" as const,
        family: family ?? null,
        seed,
        steps,
        guidance,
        step: 0,
      };
      return finished({ ...state, settings, film: null, trail: [] }, action.pair);
    }
    case "preparing":
      return begun(state, "Simulating the map");
    case "given":
      return { ...state, inverted: { given: action.given, maps: [], result: null, chosen: 0, sample: null } };
    case "inverting":
      return {
        ...begun(state, "Reading the gathers"),
        inverted: state.inverted && startInversion(state.inverted),
      };
    case "inverted":
      return {
        ...state,
        phase: "done",
        progress: null,
        inverted: state.inverted && inverted(state.inverted, action.inversion, shapeOf(state), state.settings.map),
      };
    case "choose":
      return {
        ...state,
        film: null,
        inverted: state.inverted && invertedSample(state.inverted, action.index, shapeOf(state)),
      };
    case "drawing": {
      const drawing = reduceDrawing(state.drawing, action.change, shapeOf(state));
      if (!drawing || drawing.map === state.drawing?.map) return { ...state, drawing };
      const settings = { ...state.settings, drawn: mapToText(drawing.map) };
      // What was wrong with a file or a map is past with the next map.
      return { ...state, drawing, settings, error: null };
    }
    case "morph-started":
      return { ...begun(state, "Drawing noise"), morph: { points: action.points, samples: [] } };
    case "morph-pair":
      return state.morph ? onTheWay(state, state.morph, action.pair) : state;
    case "cancelled":
      return {
        ...state,
        phase: "ready",
        request: null,
        progress: null,
        sample: stopped(state.sample),
        film: arrivedFilm(state),
      };
    case "notice":
      return { ...state, error: action.error };
    case "failed":
      return {
        ...state,
        phase: "error",
        error: action.error,
        request: null,
        progress: null,
        engine: action.fatal ? null : state.engine,
        sample: stopped(state.sample),
        film: arrivedFilm(state),
      };
    case "film":
      return { ...state, film: reduceFilm(state.film, action.change) };
    case "point":
      return { ...state, pointer: action.pointer };
    case "direct-wave":
      return { ...state, directWave: action.directWave };
  }
}

/** A run has begun. */
const begun = (state: State, label: string): State => ({
  ...state,
  phase: "running",
  request: null,
  progress: { label, fraction: 0 },
  error: null,
  timings: [],
  stepTime: null,
  film: null,
});

/** The film, if it is there: one that was waited for does not come after the work has ended. */
const arrivedFilm = ({ film }: State): Film | null => (film?.frames ? film : null);

/** A map of an inversion has arrived. */
function invertedMap(state: State, event: Extract<EngineEvent, { kind: "inverted" }>): State {
  if (!state.inverted) return state;
  const progress = counting("Map", event.index + 1, event.samples);
  return { ...state, progress, inverted: oneMore(state.inverted, event) };
}

/** A round of refinement goes on. */
const roundOf = (state: State, { index, samples, done, total }: Extract<EngineEvent, { kind: "refining" }>): State => ({
  ...state,
  progress: refining(index, samples, done, total),
});

/** A shot, a velocity or a point of the way that there is not becomes the nearest that there is. */
function clamped(state: State): State {
  const { settings, grid, morph } = state;
  const shot = Math.min(settings.shot, grid ? grid.shots - 1 : settings.shot);
  const [slow, fast] = grid?.speeds ?? [settings.speed, settings.speed];
  const speed = Math.min(fast, Math.max(slow, settings.speed));
  const point = Math.min(settings.point, Math.max(settings.points, morph?.points ?? 0) - 1);
  const fits = shot === settings.shot && speed === settings.speed && point === settings.point;
  return fits ? state : { ...state, settings: { ...settings, shot, speed, point } };
}

/** Other settings; with the text of another drawing the drawing goes on from there, without one it stays. */
function withSettings(state: State, given: Partial<Settings>): State {
  const { drawn } = state.settings;
  const settings = { ...state.settings, ...given, drawn: given.drawn ?? drawn };
  const next = clamped({ ...state, settings });
  return settings.drawn !== drawn && state.drawing ? drawnFrom(next, settings.drawn) : withDrawing(next);
}

/** Drawing begins with the map that the address names, or with the pair on screen. */
function withDrawing(state: State): State {
  const { settings, drawing, sample } = state;
  if (!usesDrawing(settings) || drawing) return state;
  if (settings.drawn !== null) return drawnFrom(state, settings.drawn);
  if (!sample) return state;
  // The example is what an address stands for that names no map.
  const drawn = sample.origin === "example" ? null : mapToText(sample.velocity);
  return { ...state, drawing: startDrawing(sample.velocity, sample.gathers), settings: { ...settings, drawn } };
}

/** The drawing goes on from the map that a text stands for, as soon as its size is known. */
function drawnFrom(state: State, text: string | null): State {
  const { settings, grid, drawing } = state;
  if (text === null || !grid) return state;
  const velocity = textToMap(text, grid.nz * grid.nx);
  if (velocity) return { ...state, drawing: reduceDrawing(drawing, { type: "start", velocity }, shapeOf(state)) };
  const message = "The drawing in the address is damaged; another map stands instead.";
  const drawn = drawing && mapToText(drawing.map);
  return withDrawing({ ...state, settings: { ...settings, drawn }, error: { code: "bad-address", message } });
}

/** A pair of the way has arrived. */
function onTheWay(state: State, { points, samples }: Morph, pair: Pair): State {
  const morph = { points, samples: [...samples, pairSample(pair, shapeOf(state))] };
  return { ...state, morph, film: null, progress: counting("Pair", morph.samples.length, points) };
}

/** A family that the weights do not know, from an address, becomes any family, and that is said. */
function knownFamily(state: State): State {
  const { families, settings } = state;
  const wanted = settings.family?.toLowerCase();
  if (wanted === undefined) return state;
  const family = families.find((name) => name.toLowerCase() === wanted) ?? null;
  const message = `There is no family “${settings.family}”; any family stands instead.`;
  const error = family === null ? { code: "unknown-family", message } : state.error;
  return { ...state, settings: { ...settings, family }, error };
}

function reduceEvent(state: State, request: GenerateRequest, event: EngineEvent): State {
  switch (event.kind) {
    case "step": {
      if (!event.preview) return state;
      const earlier = state.sample?.origin === "forming" ? state.sample.path : [];
      const sample = formingSample(request, event, event.preview, shapeOf(state), earlier);
      return {
        ...state,
        progress: denoising(event.step, event.steps),
        stepTime: event.milliseconds,
        sample,
        trail: [...state.trail, sample],
      };
    }
    case "simulating": {
      // Checking every step simulates too, but then the steps are the progress.
      const last = state.sample?.origin === "forming" && state.sample.step === state.sample.steps;
      return last ? { ...state, progress: simulating(event.done, event.total) } : state;
    }
    case "stage":
      return { ...state, timings: [...state.timings, { stage: event.stage, milliseconds: event.milliseconds }] };
    default:
      // Those of an inversion or a prediction.
      return state;
  }
}

function finished(state: State, pair: Pair): State {
  const { floorMedian, floorP90, ceilingMedian, timings } = pair;
  // The last step's pair is the finished one.
  const trail = state.trail.filter(({ step, steps }) => step < steps);
  return {
    ...state,
    phase: "done",
    progress: null,
    request: null,
    timings,
    baselines: { floorMedian, floorP90, ceilingMedian },
    sample: pairSample(pair, shapeOf(state)),
    trail: trail.map((sample) => ({ ...sample, origin: "passing" })),
  };
}

/** The map of a denoising step has been simulated. */
function simulatedPassing(state: State, velocity: Float32Array, simulated: Float32Array): State {
  const shape = shapeOf(state);
  if (!shape) return state;
  const trail = state.trail.map((sample) =>
    sample.velocity === velocity ? withSimulation(sample, simulated, shape) : sample,
  );
  return { ...state, trail };
}

const shapeOf = ({ engine }: State) => engine?.shape ?? null;
