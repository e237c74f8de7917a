/** What the visitor chooses; all of it is in the address (see `url.ts`). */

import type { Backend, GenerateRequest, InvertRequest } from "@engine/wavediffusion.js";
import { DISPLAY, type Display } from "./display";
import { PENCIL, type Pencil } from "./drawing/tools";
import { REEL, type Reel } from "./film";
import { WAY, type Way } from "./morph";
import { STAGE, type Stage } from "./story/stage";

/** What the page is used for. */
export const MODES = ["generate", "gallery", "invert", "draw", "morph"] as const;
export type Mode = (typeof MODES)[number];

/** Held-out maps in `prepared/` whose gathers can be inverted. */
export const PREPARED = ["FlatVel-A", "CurveFault-A", "Style-A"] as const;

/** Stands for the gathers of what was drawn, and what visitors read. */
export const DRAWN = "drawn";
export const DRAWN_NAME = "what was drawn";

/** Stands for the gathers of a visitor's file, whose SHA-256 is given in hexadecimal. */
export const ownData = (sha256: string): string => `file-${sha256.slice(0, DIGITS)}`;

/** Digits that are enough to tell files apart. */
const DIGITS = 16;

const OWN = new RegExp(`^file-[0-9a-f]{${DIGITS}}$`);

/** Whether the data are those of a visitor's file. */
export const isOwn = (data: string): boolean => OWN.test(data);

/** Whether there are such data to invert. */
export const isData = (text: string): boolean =>
  text === DRAWN || isOwn(text) || PREPARED.some((prepared) => prepared === text);

/** Pairs of a gallery. */
export const GALLERY = 12;

export interface Settings extends Display, Pencil, Way, Reel, Stage {
  mode: Mode;
  /** `null` is any family. */
  family: string | null;
  seed: number;
  steps: number;
  guidance: number;
  /** Decode, simulate and compare after every step. */
  path: boolean;
  /** The denoising step whose pair is on screen; 0 is the finished pair. */
  step: number;
  /** Maps that an inversion makes. */
  maps: number;
  /** How far towards noise and back the latents of an inversion's maps go. */
  spread: number;
  /** Rounds that refine an inversion by the wave equation. */
  rounds: number;
  /** What is inverted: gathers of a prepared map, of what was drawn, or of a visitor's file. */
  data: string;
  /** The inverted map on screen; `null` is the one whose gathers come nearest. */
  map: number | null;
  /** What was drawn, as `mapToText` writes it; `null` is the map of the page's example. */
  drawn: string | null;
  shot: number;
  /** `null` leaves the choice to the engine's probe. */
  backend: Backend | null;
  /** Fetches the engine; without it the page shows the example until somebody wants more. */
  load: boolean;
  /** Begins by itself, once the engine is there: what a link to a result does. */
  run: boolean;
}

/** What stands until the manifest tells the example's settings. */
export const DEFAULTS: Settings = {
  mode: "generate",
  family: null,
  seed: 1,
  steps: 16,
  guidance: 1.8,
  path: true,
  step: 0,
  maps: 6,
  spread: 0.4,
  rounds: 0,
  data: PREPARED[1],
  map: null,
  drawn: null,
  shot: 2,
  backend: null,
  load: true,
  run: false,
  ...STAGE,
  ...DISPLAY,
  ...PENCIL,
  ...WAY,
  ...REEL,
};

/** Whether the page shows what was drawn, or what an inversion makes of it. */
export const usesDrawing = ({ mode, data }: Settings): boolean =>
  mode === "draw" || (mode === "invert" && data === DRAWN);

/** The request that the settings stand for. */
export const requestOf = ({ family, seed, steps, guidance, path }: Settings): GenerateRequest => ({
  family: family ?? undefined,
  seed,
  steps,
  guidance,
  path,
});

/** The inversion that the settings stand for. */
export const invertRequestOf = ({ maps, spread, rounds, seed, steps }: Settings): InvertRequest => ({
  samples: maps,
  spread,
  rounds,
  seed,
  steps,
});
