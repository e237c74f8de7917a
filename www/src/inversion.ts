/** The state of the inversion: gathers that are given, maps that may have given them, the one that the panels show. */

import type { EngineEvent, Inversion, Origin, PairShape } from "@engine/wavediffusion.js";
import type { Sample } from "./sample";

/** Gathers to invert. */
export interface Given {
  /** The setting that stands for them. */
  data: string;
  name: string;
  gathers: Float32Array;
  /** The map that they were simulated on, where it is known. */
  truth: Float32Array | null;
}

/** A map that may have given the gathers. */
export interface InvertedMap {
  origin: Origin;
  velocity: Float32Array;
  misfit: number;
  /** Mean absolute error against the truth, m/s. */
  error: number | null;
}

export interface Inverted {
  given: Given;
  maps: readonly InvertedMap[];
  /** The whole, once all maps are done. */
  result: Inversion | null;
  chosen: number;
  /** The chosen map with its gathers. */
  sample: Sample | null;
}

/** Maps on the way to the refined one: they are not among those whose mean and spread are shown. */
export const onTheWay = (maps: readonly InvertedMap[]): number =>
  Math.max(
    0,
    maps.findLastIndex(({ origin }) => origin !== "sampled"),
  );

/** The map whose simulation comes nearest to the gathers. */
const best = (maps: readonly InvertedMap[]): number =>
  maps.reduce((least, { misfit }, i) => (misfit < (maps[least]?.misfit ?? Number.POSITIVE_INFINITY) ? i : least), 0);

export const startInversion = ({ given }: Inverted): Inverted => ({
  given,
  maps: [],
  result: null,
  chosen: 0,
  sample: null,
});

export function oneMore(state: Inverted, event: Extract<EngineEvent, { kind: "inverted" }>): Inverted {
  const { origin, velocity, misfit, error = null } = event;
  // The engine may have begun anew elsewhere, with the first map.
  return { ...state, maps: [...state.maps.slice(0, event.index), { origin, velocity, misfit, error }] };
}

/** All maps are done: the panels show the wanted one, or the one whose gathers come nearest. */
export const inverted = (
  state: Inverted,
  result: Inversion,
  shape: PairShape | null,
  wanted: number | null,
): Inverted => invertedSample({ ...state, result }, Math.min(wanted ?? best(state.maps), state.maps.length - 1), shape);

/** Puts a map on the panels. */
export function invertedSample(state: Inverted, index: number, shape: PairShape | null): Inverted {
  const map = state.maps[index];
  if (!map || !state.result || !shape) return state;
  const { gathers } = state.given;
  const simulated = state.result.simulated.slice(index * gathers.length, (index + 1) * gathers.length);
  const sample: Sample = {
    origin: "inverted",
    family: null,
    seed: state.result.request.seed,
    steps: state.result.request.steps,
    guidance: 1,
    step: state.result.request.steps,
    velocity: map.velocity,
    gathers: {
      samples: shape.samples,
      dt: shape.dt,
      generated: gathers,
      simulated,
      difference: gathers.map((value, i) => value - (simulated[i] ?? 0)),
    },
    verdict: null,
    path: [],
  };
  return { ...state, chosen: index, sample };
}
