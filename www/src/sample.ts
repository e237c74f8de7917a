/** The pairs that the panels show, and how they come about. */

import type { EngineEvent, GenerateRequest, Pair, PairShape, Preview, Toward } from "@engine/wavediffusion.js";
import type { Example } from "./example";

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

export interface Sample {
  /** What `passing` is: the pair of a denoising step, looked at once the whole is done. */
  origin: "example" | "forming" | "stopped" | "passing" | "generated" | "inverted" | "drawn";
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
  /** Deviations of the steps so far. */
  path: readonly PathPoint[];
}

export function exampleSample({ entry, velocity, generated, simulated, difference }: Example): Sample {
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

/** What the latent decodes into after a step, gathers on the model's own time axis, nothing simulated. */
export function formingSample(
  { family, seed, guidance }: GenerateRequest,
  { step, steps, deviation }: Extract<EngineEvent, { kind: "step" }>,
  { velocity, gathers }: Preview,
  shape: PairShape | null,
  earlier: readonly PathPoint[],
): Sample {
  const { modelSamples = 0, modelDt = 0 } = shape ?? {};
  return {
    origin: "forming",
    family: family ?? null,
    seed,
    steps,
    guidance,
    step,
    velocity,
    gathers: { samples: modelSamples, dt: modelDt, generated: gathers, simulated: null, difference: null },
    verdict: null,
    path: deviation == null ? earlier : [...earlier, { step, deviation }],
  };
}

/** What becomes of a request for a pair whose steps nobody sees. */
export const UNWATCHED = { path: false, preview: false } as const;

/** A generated pair. */
export function pairSample(pair: Pair, shape: PairShape | null): Sample {
  const { samples = 0, dt = 0 } = shape ?? {};
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

/** A pair that will not get any further. */
export const stopped = (sample: Sample | null): Sample | null =>
  sample?.origin === "forming" ? { ...sample, origin: "stopped" } : sample;

/** A pair on its way, with the gathers that were simulated on its map: those samples of them that the model has too. */
export function withSimulation(sample: Sample, simulated: Float32Array, { dt, receivers }: PairShape): Sample {
  const { samples, dt: step, generated } = sample.gathers;
  const every = Math.round(step / dt);
  const shots = (generated?.length ?? 0) / (samples * receivers);
  const trace = simulated.length / shots / receivers;
  const thinned = new Float32Array(shots * samples * receivers);
  for (let row = 0; row < shots * samples; row++) {
    const from = (Math.floor(row / samples) * trace + (row % samples) * every) * receivers;
    thinned.set(simulated.subarray(from, from + receivers), row * receivers);
  }
  const difference = generated?.map((value, i) => value - (thinned[i] ?? 0)) ?? null;
  return { ...sample, gathers: { ...sample.gathers, simulated: thinned, difference } };
}
