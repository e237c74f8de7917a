/** The tabs: what the page is used for. The style sheet shows what belongs to the mode. */

import { find, h } from "../dom";
import { MODES, type Mode } from "../state";
import { type View, watching } from "../store";
import type { Commands } from "./commands";

const NAMES: Record<Mode, string> = {
  generate: "Generate",
  gallery: "Gallery",
  invert: "Invert",
  draw: "Draw",
  morph: "Morph",
};

export function createModes(root: HTMLElement, main: HTMLElement, commands: Commands): View[] {
  root.append(
    ...MODES.map((mode) => {
      const button = h("button", { type: "button", "data-testid": `mode-${mode}`, "data-mode": mode }, NAMES[mode]);
      button.addEventListener("click", () => commands.set({ mode }));
      return button;
    }),
  );
  return [
    watching(
      (state) => [state.settings.mode],
      (mode) => {
        main.dataset.mode = mode;
        for (const other of MODES) find(`[data-mode=${other}]`, root).ariaCurrent = String(other === mode);
      },
    ),
    watching(
      (state) => [state.phase === "running"],
      (running) => {
        for (const button of root.querySelectorAll("button")) button.disabled = running;
      },
    ),
    watching(
      (state) => [state.settings.mode === "invert" && !state.inverted?.sample],
      (empty) => {
        main.classList.toggle("nothing-inverted", empty);
      },
    ),
  ];
}

/** The page inside another one, which has its own title. */
export const createEmbedded = (body: HTMLElement): View =>
  watching(
    (state) => [state.settings.embed],
    (embed) => {
      body.classList.toggle("embedded", embed);
    },
  );
