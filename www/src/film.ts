/** The wavefield that runs over the velocity map. */

import type { Wavefield } from "@engine/wavediffusion.js";

/** How many times as fast as usual the film may run. */
export const RATES = [0.1, 0.25, 0.5, 1, 2] as const;

/** The settings of the film. */
export interface Reel {
  rate: number;
}

export const REEL: Reel = { rate: 1 };

export interface Film {
  /** The map and shot that it belongs to. */
  velocity: Float32Array;
  shot: number;
  /** Missing while it is computed. */
  frames: Wavefield | null;
  frame: number;
  playing: boolean;
}

export type FilmChange =
  | { type: "requested"; velocity: Float32Array; shot: number }
  | { type: "arrived"; velocity: Float32Array; shot: number; frames: Wavefield }
  | { type: "play"; playing: boolean }
  | { type: "seek"; frame: number };

/** Whether a film is the one of this map and shot. */
export const filmFits = (film: Film | null, velocity: Float32Array | undefined, shot: number): film is Film =>
  film !== null && film.velocity === velocity && film.shot === shot;

export function reduceFilm(film: Film | null, change: FilmChange): Film | null {
  switch (change.type) {
    case "requested":
      return { velocity: change.velocity, shot: change.shot, frames: null, frame: 0, playing: true };
    case "arrived":
      return filmFits(film, change.velocity, change.shot) ? { ...film, frames: change.frames } : film;
    case "play":
      return film && { ...film, playing: change.playing };
    case "seek":
      return film && { ...film, frame: Math.min((film.frames?.frames ?? 1) - 1, Math.max(0, change.frame)) };
  }
}
