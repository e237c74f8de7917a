/** The state of the drawing: a map that the visitor paints, its history, and what engine and model say of it. */

import type { PairShape, Prediction } from "@engine/wavediffusion.js";
import type { Gathers, Sample, Verdict } from "../sample";

export interface Drawing {
  /** What reset goes back to. */
  start: Float32Array;
  /** The map after the last whole stroke. */
  map: Float32Array;
  /** Earlier maps, the latest last. */
  past: readonly Float32Array[];
  /** Maps that were undone, the next one last. */
  future: readonly Float32Array[];
  /** The map that the engine was last asked about, and the one that the verdict is of. */
  asked: Float32Array | null;
  answered: Float32Array | null;
  /** A map that the engine could not simulate. */
  failed: Float32Array | null;
  /** What the panels show: the map with the stroke under way, and the latest gathers, which may be an earlier map's. */
  sample: Sample;
}

export type DrawingChange =
  | { type: "start"; velocity: Float32Array }
  /** A stroke under way has made this map; `null` calls the stroke off. */
  | { type: "stroke"; velocity: Float32Array | null }
  /** The stroke is whole. */
  | { type: "keep" }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "reset" }
  | { type: "asked"; velocity: Float32Array }
  /** The engine did not finish with this map. */
  | { type: "called-off"; velocity: Float32Array }
  /** The engine cannot simulate this map. */
  | { type: "failed"; velocity: Float32Array }
  | { type: "simulated"; velocity: Float32Array; gathers: Float32Array }
  | { type: "predicted"; velocity: Float32Array; prediction: Prediction };

/** Maps that undo goes back over. */
const HISTORY = 100;

const NOTHING: Gathers = { samples: 0, dt: 0, generated: null, simulated: null, difference: null };

/** Begins with a map; gathers that were simulated on it may be shown from the start. */
export function startDrawing(velocity: Float32Array, gathers: Gathers = NOTHING): Drawing {
  const simulated: Gathers = { ...gathers, generated: null, difference: null };
  return {
    start: velocity,
    map: velocity,
    past: [],
    future: [],
    asked: null,
    answered: null,
    failed: null,
    sample: drawn(velocity, simulated, null),
  };
}

export function reduceDrawing(drawing: Drawing | null, change: DrawingChange, shape: PairShape | null): Drawing | null {
  if (change.type === "start" && !drawing) return startDrawing(change.velocity);
  if (!drawing) return drawing;
  const { map, past, future, sample } = drawing;
  switch (change.type) {
    case "start":
      return onto({ ...drawing, start: change.velocity }, change.velocity);
    case "stroke":
      return { ...drawing, sample: { ...sample, velocity: change.velocity ?? map } };
    case "keep":
      return onto(drawing, sample.velocity);
    case "reset":
      return onto(drawing, drawing.start);
    case "undo": {
      const before = past.at(-1);
      return before ? showing({ ...drawing, past: past.slice(0, -1), future: [...future, map] }, before) : drawing;
    }
    case "redo": {
      const after = future.at(-1);
      return after ? showing({ ...drawing, past: [...past, map], future: future.slice(0, -1) }, after) : drawing;
    }
    case "asked":
      return { ...drawing, asked: change.velocity };
    case "called-off":
      return drawing.asked === change.velocity ? { ...drawing, asked: null } : drawing;
    case "failed":
      return { ...drawing, failed: change.velocity };
    case "simulated":
      return answer(drawing, change.velocity, onAxis(shape, null, change.gathers, null), null);
    case "predicted": {
      const { generated, simulated, difference, deviation, ssim, mse, consistent } = change.prediction;
      const verdict = { deviation, ssim, mse, consistent };
      const told = answer(drawing, change.velocity, onAxis(shape, generated, simulated, difference), verdict);
      return told === drawing ? drawing : { ...told, answered: change.velocity };
    }
  }
}

/** Whether the verdict on screen is not, or not yet, of the map on screen. */
export const unanswered = ({ answered, sample }: Drawing): boolean => answered !== sample.velocity;

/** The whole map's simulated gathers, once they are known. */
export const simulatedOf = ({ answered, map, sample }: Drawing): Float32Array | null =>
  answered === map ? sample.gathers.simulated : null;

/** Another map, which undo takes back. */
function onto(drawing: Drawing, map: Float32Array): Drawing {
  if (map === drawing.map) return showing(drawing, map);
  return showing({ ...drawing, past: [...drawing.past, drawing.map].slice(-HISTORY), future: [] }, map);
}

const showing = (drawing: Drawing, map: Float32Array): Drawing => ({
  ...drawing,
  map,
  sample: { ...drawing.sample, velocity: map },
});

/** What the engine says of a map; of any but the latest it comes too late. */
function answer(drawing: Drawing, velocity: Float32Array, gathers: Gathers, verdict: Verdict | null): Drawing {
  if (velocity !== drawing.map) return drawing;
  return { ...drawing, answered: null, sample: { ...drawing.sample, gathers, verdict } };
}

const onAxis = (
  shape: PairShape | null,
  generated: Float32Array | null,
  simulated: Float32Array,
  difference: Float32Array | null,
): Gathers => ({ samples: shape?.samples ?? 0, dt: shape?.dt ?? 0, generated, simulated, difference });

const drawn = (velocity: Float32Array, gathers: Gathers, verdict: Verdict | null): Sample => ({
  origin: "drawn",
  family: null,
  seed: 0,
  steps: 0,
  guidance: 1,
  step: 0,
  velocity,
  gathers,
  verdict,
  path: [],
});
