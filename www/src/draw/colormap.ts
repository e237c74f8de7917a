/** Colour maps as look-up tables: Crameri's scientific ones (MIT licence, credited in the tables), greys, and the rainbow that papers use. */

import batlow from "../colormaps/batlow.json";
import vik from "../colormaps/vik.json";

/** Packed RGBA of every entry, in the byte order of `ImageData`. */
export type ColorTable = Uint32Array;

/** The colours of velocities, and of amplitudes, where zero is in the middle. */
export interface Palette {
  velocity: ColorTable;
  amplitude: ColorTable;
}

type Rgb = readonly number[];

function pack(colors: readonly Rgb[]): ColorTable {
  const bytes = new Uint8ClampedArray(colors.flatMap((rgb) => [...rgb, 255]));
  return new Uint32Array(bytes.buffer);
}

/** A table of 256 colours from a function of 0 to 1. */
const tabulate = (color: (share: number) => Rgb): ColorTable =>
  pack(Array.from({ length: 256 }, (_, i) => color(i / 255)));

const grey = (share: number): Rgb => [255 * share, 255 * share, 255 * share];

/** Blue, cyan, yellow, red ("jet"): not perceptual, for comparison with figures that use it. */
const jet = (share: number): Rgb => [3, 2, 1].map((peak) => 255 * Math.max(0, 1.5 - Math.abs(4 * share - peak)));

/** How each palette is made; most visitors look at one. */
const PALETTES = {
  scientific: () => ({ velocity: pack(batlow.colors), amplitude: pack(vik.colors) }),
  grey: () => ({ velocity: tabulate(grey), amplitude: tabulate(grey) }),
  rainbow: () => ({ velocity: tabulate(jet), amplitude: tabulate(grey) }),
} as const satisfies Record<string, () => Palette>;

export type Colors = keyof typeof PALETTES;

/** The palettes to choose from; the first is the default. */
export const COLORS = Object.keys(PALETTES) as readonly Colors[];

const made: Partial<Record<Colors, Palette>> = {};

export function palette(colors: Colors): Palette {
  made[colors] ??= PALETTES[colors]();
  return made[colors];
}

/** Entry of a table for a value between `low` and `high`; values beyond take the end colours. */
export function colorIndex(value: number, low: number, high: number, entries: number): number {
  const index = Math.floor(((value - low) / (high - low)) * entries);
  return Math.min(entries - 1, Math.max(0, index));
}
