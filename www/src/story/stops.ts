/** The guided tour, for somebody who has never heard of full waveform inversion: under two minutes of reading. */

import type { Commands } from "../views/commands";

export interface Stop {
  title: string;
  text: string;
  /** What it is about: a selector. */
  at: string;
  /** What begins with it where the engine is free. */
  begin?(commands: Commands): void;
}

export const STOPS: readonly Stop[] = [
  {
    title: "A slice through the ground",
    text: "Seen from the side. Colours tell how fast waves travel: dark is slow and soft, bright is fast and hard. Water, ore and faults hide in such a map, and nobody can simply look at it.",
    at: "#ground",
  },
  {
    title: "So one listens",
    text: "A source is fired at the surface. Waves run down, bend, and come back as echoes wherever the ground changes. Play shows them, frame by frame if you like.",
    at: "#ground .player",
    begin: (commands) => commands.play(),
  },
  {
    title: "What comes back",
    text: "Receivers along the surface write it down: each column is one receiver, and time runs downwards. To find the map that explains such recordings is called full waveform inversion.",
    at: "#gathers",
  },
  {
    title: "Drawn by a model",
    text: "A diffusion model, the kind that paints pictures, made this map and these recordings together, out of noise. It has seen many such pairs. Nobody told it how waves move.",
    at: "#gathers .plot:nth-child(1)",
  },
  {
    title: "Checked by physics",
    text: "Does the pair fit? A simulator sends waves through the model's own map and records what really arrives. Beside it is the difference: the paler, the better.",
    at: "#gathers .plot:nth-child(2)",
  },
  {
    title: "One number",
    text: "The deviation is what is left of the recordings once the simulated ones are taken away. 0 is perfect. The green zone is as near as true pairs get after a pass through the model; the ceiling is what a wrong map gives.",
    at: "#verdict",
  },
  {
    title: "Out of noise, step by step",
    text: "Early on, the model's pairs contradict the wave equation; towards the end they nearly obey it. Once you have generated a pair, the slider goes back to any step.",
    at: "#path",
  },
  {
    title: "Your turn",
    text: "Generate draws a new pair, here on your device. The tabs above turn recordings into maps, let you draw your own ground, and lead from one pair to another.",
    at: "#controls .run",
  },
];
