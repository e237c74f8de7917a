/** The wavefield that runs over the velocity map. */

import type { Wavefield } from "@engine/wavediffusion.js";

/** How many times as fast as usual the film may run. */
export const RATES = [0.1, 0.25, 0.5, 1, 2] as const;

/** The settings of the film. */
export interface Reel {
  rate: number;
  /** Where the wavefield stands; `null` when it runs, or was never called for. */
  frame: number | null;
}

export const REEL: Reel = { rate: 1, frame: null };

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
  /** Runs from its beginning when it arrives, or stands at a frame. */
  | { type: "requested"; velocity: Float32Array; shot: number; frame: number | null }
  | { type: "arrived"; velocity: Float32Array; shot: number; frames: Wavefield }
  | { type: "play"; playing: boolean }
  | { type: "seek"; frame: number };

/** Whether a film is the one of this map and shot. */
export const filmFits = (film: Film | null, velocity: Float32Array | undefined, shot: number): film is Film =>
  film !== null && film.velocity === velocity && film.shot === shot;

export function reduceFilm(film: Film | null, change: FilmChange): Film | null {
  switch (change.type) {
    case "requested":
      return {
        velocity: change.velocity,
        shot: change.shot,
        frames: null,
        frame: change.frame ?? 0,
        playing: change.frame === null,
      };
    case "arrived":
      return filmFits(film, change.velocity, change.shot)
        ? within({ ...film, frames: change.frames }, film.frame)
        : film;
    case "play":
      return film && { ...film, playing: change.playing };
    case "seek":
      return film && within(film, change.frame);
  }
}

/** The film at a frame, or at the nearest that it has. */
const within = (film: Film, frame: number): Film => ({
  ...film,
  frame: Math.min((film.frames?.frames ?? 1) - 1, Math.max(0, frame)),
});
