/** The page's state: one object, changed only by `reduce`. */

import type {
  Backend,
  EngineEvent,
  GenerateRequest,
  Inversion,
  InvertRequest,
  Pair,
  Toward,
  Wavefield,
} from "@engine/wavediffusion.js";
import type { DirectWave, Display, Pointer } from "./display";
import { type Drawing, type DrawingChange, reduceDrawing, startDrawing } from "./drawing/drawing";
import type { Pencil } from "./drawing/tools";
import type { FailureMessage } from "./engine/failure";
import type { Loaded } from "./engine/worker";
import type { Example } from "./example";
import { type Given, type Inverted, inverted, invertedSample, oneMore, startInversion } from "./inversion";
import type { Architecture, Baselines, Grid, Manifest } from "./manifest";
import { type Morph, morphIndex, type Way } from "./morph";
import type { Stage } from "./story/stage";

/** What the page is used for. */
export const MODES = ["generate", "gallery", "invert", "draw", "morph"] as const;
export type Mode = (typeof MODES)[number];

/** Held-out maps in `prepared/` whose gathers can be inverted. */
export const PREPARED = ["FlatVel-A", "CurveFault-A", "Style-A"] as const;

/** Pairs of a gallery. */
export const GALLERY = 12;

/** What the visitor chooses; all of it is in the address (see `url.ts`). */
export interface Settings extends Display, Pencil, Way, Stage {
  mode: Mode;
  /** `null` is any family. */
  family: string | null;
  seed: number;
  steps: number;
  guidance: number;
  /** Decode, simulate and compare after every step. */
  path: boolean;
  /** Maps that an inversion makes. */
  maps: number;
  /** How far towards noise and back the latents of an inversion's maps go. */
  spread: number;
  /** The prepared map whose gathers are inverted; `null` for a file of the visitor's. */
  prepared: string | null;
  shot: number;
  /** `null` leaves the choice to the engine's probe. */
  backend: Backend | null;
}

/** As tests see it: the attribute `data-state` of the status line. */
export type Phase = "loading" | "ready" | "running" | "done" | "error";

/** Shot gathers on one time axis, (shots, samples, receivers). */
export interface Gathers {
  samples: number;
  /** Seconds. */
  dt: number;
  /** Missing while the model has not been asked. */
  generated: Float32Array | null;
  /** Missing while the pair forms. */
  simulated: Float32Array | null;
  difference: Float32Array | null;
}

/** How far the pair is from the wave equation. */
export interface Verdict {
  deviation: number;
  ssim: number;
  mse: number;
  consistent: boolean;
}

export interface PathPoint {
  step: number;
  deviation: number;
}

/** The pair on screen. */
export interface Sample {
  origin: "example" | "forming" | "stopped" | "generated" | "inverted" | "drawn";
  family: string | null;
  seed: number;
  /** Where its noise was on the way to another seed's. */
  toward?: Toward;
  steps: number;
  guidance: number;
  /** Denoising steps taken so far. */
  step: number;
  velocity: Float32Array;
  gathers: Gathers;
  verdict: Verdict | null;
  path: readonly PathPoint[];
}

/** The wavefield that runs over the velocity map. */
export interface Film {
  /** The map and shot that it belongs to. */
  velocity: Float32Array;
  shot: number;
  /** Missing while it is computed. */
  frames: Wavefield | null;
  frame: number;
  playing: boolean;
}

/** What the engine is doing; `fraction` is null when nobody knows. */
export interface Progress {
  label: string;
  fraction: number | null;
}

export interface Timing {
  stage: string;
  milliseconds: number;
}

export interface State {
  settings: Settings;
  /** The system's colour scheme. */
  dark: boolean;
  phase: Phase;
  progress: Progress | null;
  error: FailureMessage | null;
  families: readonly string[];
  grid: Grid | null;
  /** Velocities that the model knows, m/s. */
  speeds: Manifest["speeds"] | null;
  baselines: Baselines | null;
  architecture: Architecture | null;
  engine: Loaded | null;
  /** The generation under way. */
  request: GenerateRequest | null;
  sample: Sample | null;
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
  | { type: "loading"; done: number; total: number }
  | { type: "loaded"; engine: Loaded }
  | { type: "started"; request: GenerateRequest }
  | { type: "event"; event: EngineEvent }
  | { type: "finished"; pair: Pair }
  | { type: "gallery-started" }
  | { type: "gallery-pair"; pair: Pair; wanted: number }
  | { type: "gallery-finished" }
  /** Shows a pair of the gallery as if it had just been generated. */
  | { type: "open"; pair: Pair }
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
  | { type: "film-requested"; velocity: Float32Array; shot: number }
  | { type: "film"; velocity: Float32Array; shot: number; film: Wavefield }
  | { type: "play"; playing: boolean }
  | { type: "seek"; frame: number }
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
  speeds: null,
  baselines: null,
  architecture: null,
  engine: null,
  request: null,
  sample: null,
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
export function shown({ settings, sample, inverted, drawing, morph }: State): Sample | null {
  switch (settings.mode) {
    case "invert":
      return inverted?.sample ?? null;
    case "draw":
      return drawing?.sample ?? null;
    case "morph":
      return morph?.samples[morphIndex(morph, settings.point)] ?? null;
    default:
      return sample;
  }
}

/** The request that the settings stand for. */
export const requestOf = ({ family, seed, steps, guidance, path }: Settings): GenerateRequest => ({
  family: family ?? undefined,
  seed,
  steps,
  guidance,
  path,
});

/** The inversion that the settings stand for. */
export const invertRequestOf = ({ maps, spread, seed, steps }: Settings): InvertRequest => ({
  samples: maps,
  spread,
  seed,
  steps,
});

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "theme":
      return { ...state, dark: action.dark };
    case "settings":
      return withDrawing(clamped({ ...state, settings: { ...state.settings, ...action.settings } }));
    case "manifest": {
      const { families, grid, speeds, baselines, architecture } = action.manifest;
      return knownFamily(clamped({ ...state, families, grid, speeds, baselines, architecture }));
    }
    case "example":
      return state.sample ? state : withDrawing({ ...state, sample: exampleSample(action.example) });
    case "loading":
      // The last of these may arrive after the answer that they lead up to.
      return state.phase === "loading" ? { ...state, progress: loadingProgress(action.done, action.total) } : state;
    case "loaded": {
      const { families, shape } = action.engine;
      return { ...state, engine: action.engine, families, grid: shape, phase: "ready", progress: null };
    }
    case "started":
      return { ...begun(state, "Drawing noise"), request: action.request };
    case "event":
      if (action.event.kind === "inverted") return invertedMap(state, action.event);
      return state.request ? reduceEvent(state, state.request, action.event) : state;
    case "finished":
      return finished(state, action.pair);
    case "gallery-started":
      return { ...begun(state, "Drawing noise"), gallery: [] };
    case "gallery-pair": {
      const gallery = [...state.gallery, action.pair];
      const label = `Pair ${gallery.length} of ${action.wanted}`;
      return { ...state, gallery, progress: { label, fraction: gallery.length / action.wanted } };
    }
    case "gallery-finished":
    case "morph-finished":
      return { ...state, phase: "done", progress: null };
    case "open": {
      const { family, seed, steps, guidance } = action.pair.request;
      const settings = { ...state.settings, mode: "generate" as const, family: family ?? null, seed, steps, guidance };
      return finished({ ...state, settings, film: null }, action.pair);
    }
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
        inverted: state.inverted && inverted(state.inverted, action.inversion, state.engine?.shape ?? null),
      };
    case "choose":
      return {
        ...state,
        film: null,
        inverted: state.inverted && invertedSample(state.inverted, action.index, state.engine?.shape ?? null),
      };
    case "drawing": {
      const drawing = reduceDrawing(state.drawing, action.change, state.engine?.shape ?? null);
      // What was wrong with a file or a map is past with the next map.
      return { ...state, drawing, error: drawing?.map === state.drawing?.map ? state.error : null };
    }
    case "morph-started":
      return { ...begun(state, "Drawing noise"), morph: { points: action.points, samples: [] } };
    case "morph-pair":
      return state.morph ? onTheWay(state, state.morph, action.pair) : state;
    case "cancelled":
      return { ...state, phase: "ready", request: null, progress: null, sample: stopped(state.sample) };
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
        film: state.film?.frames ? state.film : null,
      };
    case "film-requested":
      return {
        ...state,
        film: { velocity: action.velocity, shot: action.shot, frames: null, frame: 0, playing: true },
      };
    case "film":
      return filmFits(state.film, action.velocity, action.shot)
        ? { ...state, film: { ...state.film, frames: action.film } }
        : state;
    case "play":
      return state.film ? { ...state, film: { ...state.film, playing: action.playing } } : state;
    case "seek":
      return state.film ? { ...state, film: { ...state.film, frame: action.frame } } : state;
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

/** A map of an inversion has arrived. */
function invertedMap(state: State, event: Extract<EngineEvent, { kind: "inverted" }>): State {
  if (!state.inverted) return state;
  const done = event.index + 1;
  const progress = { label: `Map ${done} of ${event.samples}`, fraction: done / event.samples };
  return { ...state, progress, inverted: oneMore(state.inverted, event) };
}

/** Whether a film is the one of this map and shot. */
export const filmFits = (film: Film | null, velocity: Float32Array | undefined, shot: number): film is Film =>
  film !== null && film.velocity === velocity && film.shot === shot;

/** A shot, a velocity or a point of the way that there is not becomes the nearest that there is. */
function clamped(state: State): State {
  const { settings, grid, speeds, morph } = state;
  const shot = Math.min(settings.shot, grid ? grid.shots - 1 : settings.shot);
  const [slow, fast] = speeds ?? [settings.speed, settings.speed];
  const speed = Math.min(fast, Math.max(slow, settings.speed));
  const point = Math.min(settings.point, Math.max(settings.points, morph?.points ?? 0) - 1);
  const fits = shot === settings.shot && speed === settings.speed && point === settings.point;
  return fits ? state : { ...state, settings: { ...settings, shot, speed, point } };
}

/** Drawing begins with the pair on screen. */
function withDrawing(state: State): State {
  const { settings, drawing, sample } = state;
  if (settings.mode !== "draw" || drawing || !sample) return state;
  return { ...state, drawing: startDrawing(sample.velocity, sample.gathers) };
}

/** A pair of the way has arrived. */
function onTheWay(state: State, { points, samples }: Morph, pair: Pair): State {
  const morph = { points, samples: [...samples, pairSample(state, pair)] };
  const done = morph.samples.length;
  return { ...state, morph, film: null, progress: { label: `Pair ${done} of ${points}`, fraction: done / points } };
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

function exampleSample({ entry, velocity, generated, simulated, difference }: Example): Sample {
  const { family, seed, steps, guidance, samples, dt, deviation, ssim, mse, consistent, path } = entry;
  return {
    origin: "example",
    family,
    seed,
    steps,
    guidance,
    step: steps,
    velocity,
    gathers: { samples, dt, generated, simulated, difference },
    verdict: { deviation, ssim, mse, consistent },
    path,
  };
}

function loadingProgress(done: number, total: number): Progress {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  if (done >= total) return { label: "Starting the engine", fraction: null };
  return { label: `Loading the engine: ${megabytes(done)} of ${megabytes(total)} MB`, fraction: done / total };
}

/** Share of the progress bar that the denoising steps take; simulating the final pair fills the rest. */
const SAMPLING_SHARE = 0.75;

function reduceEvent(state: State, request: GenerateRequest, event: EngineEvent): State {
  switch (event.kind) {
    case "step": {
      const { step, steps } = event;
      const earlier = state.sample?.origin === "forming" ? state.sample.path : [];
      const path = event.deviation == null ? earlier : [...earlier, { step, deviation: event.deviation }];
      return {
        ...state,
        progress: { label: `Denoising: step ${step} of ${steps}`, fraction: (SAMPLING_SHARE * step) / steps },
        stepTime: event.milliseconds,
        sample: {
          origin: "forming",
          family: request.family ?? null,
          seed: request.seed,
          steps,
          guidance: request.guidance,
          step,
          velocity: event.velocity,
          gathers: formingGathers(state, event.gathers),
          verdict: null,
          path,
        },
      };
    }
    case "simulating": {
      // Checking every step simulates too, but then the steps are the progress.
      const last = state.sample?.origin === "forming" && state.sample.step === state.sample.steps;
      if (!last) return state;
      const share = SAMPLING_SHARE + ((1 - SAMPLING_SHARE) * event.done) / event.total;
      return { ...state, progress: { label: "Simulating waves through the generated map", fraction: share } };
    }
    case "stage":
      return { ...state, timings: [...state.timings, { stage: event.stage, milliseconds: event.milliseconds }] };
    default:
      // Those of an inversion or a prediction.
      return state;
  }
}

/** A pair that will not get any further. */
const stopped = (sample: Sample | null): Sample | null =>
  sample?.origin === "forming" ? { ...sample, origin: "stopped" } : sample;

/** Gathers of a step: the model's own time axis, nothing simulated. */
function formingGathers(state: State, generated: Float32Array): Gathers {
  const { modelSamples = 0, modelDt = 0 } = state.engine?.shape ?? {};
  return { samples: modelSamples, dt: modelDt, generated, simulated: null, difference: null };
}

function finished(state: State, pair: Pair): State {
  const { floorMedian, floorP90, ceilingMedian, timings } = pair;
  return {
    ...state,
    phase: "done",
    progress: null,
    request: null,
    timings,
    baselines: { floorMedian, floorP90, ceilingMedian },
    sample: pairSample(state, pair),
  };
}

/** A generated pair, as the panels show it. */
function pairSample({ engine }: State, pair: Pair): Sample {
  const { samples = 0, dt = 0 } = engine?.shape ?? {};
  const { request, velocity, generated, simulated, difference, deviation, ssim, mse, consistent, path } = pair;
  return {
    origin: "generated",
    family: request.family ?? null,
    seed: request.seed,
    toward: request.toward,
    steps: request.steps,
    guidance: request.guidance,
    step: request.steps,
    velocity,
    gathers: { samples, dt, generated, simulated, difference },
    verdict: { deviation, ssim, mse, consistent },
    path,
  };
}
