/** Crameri's scientific colour maps (MIT licence, credited in the tables) as look-up tables. */

import batlow from "../colormaps/batlow.json";
import vik from "../colormaps/vik.json";

/** Packed RGBA of every entry, in the byte order of `ImageData`. */
export type ColorTable = Uint32Array;

interface ColorFile {
  colors: number[][];
}

function pack({ colors }: ColorFile): ColorTable {
  const bytes = new Uint8ClampedArray(colors.flatMap((rgb) => [...rgb, 255]));
  return new Uint32Array(bytes.buffer);
}

/** Velocities. */
export const VELOCITY = pack(batlow);

/** Amplitudes: zero is in the middle. */
export const AMPLITUDE = pack(vik);

/** Entry of a table for a value between `low` and `high`; values beyond take the end colours. */
export function colorIndex(value: number, low: number, high: number, entries: number): number {
  const index = Math.floor(((value - low) / (high - low)) * entries);
  return Math.min(entries - 1, Math.max(0, index));
}
