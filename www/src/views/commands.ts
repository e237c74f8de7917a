/** What the views can ask for; `main.ts` does it. */

import type { Pair } from "@engine/wavediffusion.js";
import type { Settings } from "../state";

export interface Commands {
  set(settings: Partial<Settings>): void;
  /** Generates a pair or a gallery, or inverts: what the mode is for. */
  run(): void;
  /** Shows a pair of the gallery. */
  open(pair: Pair): void;
  /** Takes the gathers in a file. */
  give(file: File): void;
  /** Shows a map of the inversion. */
  choose(index: number): void;
  cancel(): void;
  play(): void;
  pause(): void;
  seek(frame: number): void;
}
