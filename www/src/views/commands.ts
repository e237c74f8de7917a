/** Arrays that can be saved. */
export const SAVED = ["velocity", "generated", "simulated"] as const;
export type Saved = (typeof SAVED)[number];

/** Formats of the figure. */
export const FIGURES = ["svg", "png"] as const;
export type FigureFormat = (typeof FIGURES)[number];

/** What the views can ask for; `main.ts` does it. */

import type { Pair } from "@engine/wavediffusion.js";
import type { Pointer } from "../display";
import type { DrawingChange } from "../drawing/drawing";
import type { Settings } from "../settings";

export interface Commands {
  set(settings: Partial<Settings>): void;
  /** Fetches the engine, or does without it. */
  load(): void;
  skip(): void;
  /** Generates a pair, a gallery or a morph, or inverts: what the mode is for. */
  run(): void;
  /** The same for the settings of a link, which also tell what to look at in the end. */
  resume(): void;
  /** Shows a pair of the gallery. */
  open(pair: Pair): void;
  /** Takes the gathers in a file. */
  give(file: File): Promise<void>;
  /** Changes the drawing. */
  draw(change: DrawingChange): void;
  /** Draws on the generated pair's map, or on level layers. */
  drawPair(): void;
  drawLayers(): void;
  /** Draws on the velocity map in a file. */
  giveMap(file: File): Promise<void>;
  /** Shows a map of the inversion. */
  choose(index: number): void;
  cancel(): void;
  /** Offers an array of the pair on screen as a .npy file. */
  save(what: Saved): void;
  /** Offers the pair on screen as a figure with axes, colour bars and settings. */
  figure(format: FigureFormat): void;
  /** The link to what is on screen, whatever the form says by now. */
  link(): string;
  /** Puts a text on the clipboard. */
  copy(text: string): Promise<boolean>;
  play(): void;
  pause(): void;
  seek(frame: number): void;
  /** Shows the pair after a denoising step; the last step's is the finished pair. */
  pass(step: number): void;
  /** The same for a step so many before or after the one on screen. */
  passBy(steps: number): void;
  /** Stops the wavefield and moves it by some frames. */
  shift(frames: number): void;
  /** Tells what the pointer is over. */
  point(pointer: Pointer | null): void;
}
