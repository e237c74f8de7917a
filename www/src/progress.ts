/** How far the engine is, and how much longer it takes. */

import { duration } from "./draw/scale";

/** What the engine is doing; `fraction` is null when nobody knows. */
export interface Progress {
  label: string;
  fraction: number | null;
}

export interface Timing {
  stage: string;
  milliseconds: number;
}

/** Share of the progress bar that the denoising steps take; simulating the final pair fills the rest. */
const SAMPLING_SHARE = 0.75;

export function loading(done: number, total: number): Progress {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  if (done >= total) return { label: "Starting the engine", fraction: null };
  return { label: `Loading the engine: ${megabytes(done)} of ${megabytes(total)} MB`, fraction: done / total };
}

export const denoising = (step: number, steps: number): Progress => ({
  label: `Denoising: step ${step} of ${steps}`,
  fraction: (SAMPLING_SHARE * step) / steps,
});

export const simulating = (done: number, total: number): Progress => ({
  label: "Simulating waves through the generated map",
  fraction: SAMPLING_SHARE + ((1 - SAMPLING_SHARE) * done) / total,
});

/** One of several is done. */
export const counting = (what: string, done: number, of: number): Progress => ({
  label: `${what} ${done} of ${of}`,
  fraction: done / of,
});

/** A round of refinement, of which the map of that number comes, of so many maps in all. */
export const refining = (index: number, samples: number, done: number, total: number): Progress => ({
  label: `Refining, round ${index}: step ${done} of ${total}`,
  fraction: (index + done / total) / samples,
});

/** Milliseconds before which an estimate says nothing, that are not worth telling, and from which on a run is slow. */
const EARLY = 2000;
const SHORT = 5000;
const SLOW = 45_000;

/** How much longer a run takes, from what it has taken so far; empty while nobody can or need tell. */
export function remaining(elapsed: number, fraction: number | null): string {
  if (fraction === null || fraction <= 0 || elapsed < EARLY) return "";
  const whole = elapsed / fraction;
  const left = whole - elapsed;
  if (left < SHORT) return "";
  const slow = whole > SLOW ? "; this device is slow, fewer steps are faster" : "";
  return `, about ${left < 99_500 ? `${Math.ceil(left / 1000)} s` : duration(left)} left${slow}`;
}
