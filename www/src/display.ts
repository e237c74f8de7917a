/** How values are shown, and what the pointer is over. */

import type { Colors } from "./draw/colormap";

/** Gathers as colours, or as wiggling traces. */
export const TRACES = ["density", "wiggle"] as const;
export type Traces = (typeof TRACES)[number];

/** The part of the settings that changes pictures, not pairs. */
export interface Display {
  colors: Colors;
  traces: Traces;
  /** How many times weaker than the strongest amplitude the colours' ends are; `null` finds it for each gather. */
  gain: number | null;
  /** Leaves out the direct wave. */
  mute: boolean;
}

export const DISPLAY: Display = { colors: "scientific", traces: "density", gain: null, mute: false };

/** A place in the ground (metres across and down) or in a gather (metres across, seconds). */
export interface Pointer {
  axis: "depth" | "time";
  x: number;
  y: number;
}

/** When the direct wave through a velocity map has passed, (shots, receivers), seconds. */
export interface DirectWave {
  velocity: Float32Array;
  end: Float32Array;
}

/** Index of the sample on an axis of `count` samples `step` apart whose pixel holds the value. */
export const nearest = (value: number, count: number, step: number): number =>
  Math.min(count - 1, Math.max(0, Math.round(value / step)));
