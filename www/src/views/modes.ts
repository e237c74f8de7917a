/** The tabs: what the page is used for. The style sheet shows what belongs to the mode. */

import { find, h } from "../dom";
import { MODES, type Mode } from "../settings";
import { type View, watching } from "../store";
import { formatAddress } from "../url";
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

/** What is left out around the pictures: on a page that has its own title, or where only they matter. */
export const createFrame = (body: HTMLElement, whole: HTMLElement): View =>
  watching(
    ({ settings }) => [settings],
    (settings) => {
      const { embed, bare } = settings;
      body.classList.toggle("embedded", embed);
      body.classList.toggle("bare", bare);
      whole.hidden = !embed;
      find<HTMLAnchorElement>("a", whole).href = formatAddress({ ...settings, embed: false }, "");
    },
  );
