/** The state of the morph: pairs on the way from one seed's noise to another's. */

import type { GenerateRequest } from "@engine/wavediffusion.js";
import { type Sample, UNWATCHED } from "./sample";

/** The settings of the way. */
export interface Way {
  /** The seed that it leads to. */
  toward: number;
  /** Pairs on it, both ends included. */
  points: number;
  /** The one that the panels show, from 0. */
  point: number;
}

export const WAY: Way = { toward: 2, points: 9, point: 0 };

export interface Morph {
  /** Pairs that were asked for. */
  points: number;
  /** Those that are done, in the order of the way. */
  samples: readonly Sample[];
}

/** A request for every point of the way. */
export const wayOf = (from: GenerateRequest, { toward, points }: Way): GenerateRequest[] =>
  Array.from({ length: points }, (_, i) => ({
    ...from,
    ...UNWATCHED,
    toward: { seed: toward, fraction: i / (points - 1) },
  }));

/** The point that the panels show: the chosen one, or the last that is there. */
export const morphIndex = ({ samples }: Morph, point: number): number => Math.min(point, samples.length - 1);
