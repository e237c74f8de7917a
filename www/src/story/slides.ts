/** The story in six slides, for a talk or for a screen in a hall. */

import type { State } from "../state";
import type { Commands } from "../views/commands";

export interface Slide {
  headline: string;
  text: string;
  /** The cards that it is about; the others are left out. */
  shows: readonly string[];
  /** Shows the page's own address as a QR code, for the audience's phones. */
  code?: boolean;
  /** What begins with it, once the engine is free; it may need longer than the slide stays. */
  begin?(commands: Commands): void;
}

export const SLIDES: readonly Slide[] = [
  {
    headline: "What lies under the ground?",
    text: "Colours are the speed of waves in the ground. Nobody sees this map: it has to be found from recordings made at the surface. That is full waveform inversion.",
    shows: ["ground"],
    begin: (commands) => commands.set({ mode: "generate" }),
  },
  {
    headline: "A source is fired, receivers listen",
    text: "Each column is what one receiver records, from top to bottom: first the wave that came straight along the surface, then the echoes from below.",
    shows: ["ground", "gathers"],
    begin: (commands) => {
      commands.set({ mode: "generate" });
      commands.play();
    },
  },
  {
    headline: "A model draws both at once",
    text: "A diffusion model turns noise into a latent, and the latent into a velocity map and its recordings. No loss told it the wave equation.",
    shows: ["ground", "gathers", "path"],
    begin: (commands) => {
      commands.set({ mode: "generate", path: true });
      commands.run();
    },
  },
  {
    headline: "Do the two agree?",
    text: "A simulator sends waves through the map that the model drew. What its receivers record is the truth about that map.",
    shows: ["ground", "gathers"],
    begin: (commands) => commands.play(),
  },
  {
    headline: "How far apart they are",
    text: "The deviation is the share of the recordings that the two do not have in common. Floor: true pairs that only went through the model's autoencoders. Ceiling: recordings of another map.",
    shows: ["ground", "gathers", "verdict", "path"],
  },
  {
    headline: "Not a lucky one",
    text: "Twelve more pairs, the most consistent first. Yours to try: the page runs on a phone too.",
    shows: ["gallery"],
    code: true,
    begin: (commands) => {
      commands.set({ mode: "gallery" });
      commands.run();
    },
  },
];

/** Whether a slide's beginning need not wait any longer. */
export const idle = (state: State): boolean => state.engine !== null && state.phase !== "running";
