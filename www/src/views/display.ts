/** How the pictures are shown: colours, gain, wiggles, the direct wave; a small panel that folds away. */

import { TRACES } from "../display";
import { h } from "../dom";
import { COLORS, type Colors } from "../draw/colormap";
import { type View, watching } from "../store";
import type { Commands } from "./commands";

const NAMES: Record<Colors, string> = {
  scientific: "batlow and vik (perceptual)",
  grey: "greys",
  rainbow: "rainbow (as in many papers)",
};

/** Gains to choose from, besides the one that is found. */
const GAINS = [1, 3, 10, 30, 100, 300] as const;

/** The panel; what keeps it up to date goes to `views`. */
export function createDisplay(commands: Commands, views: View[]): HTMLElement {
  const colors = h(
    "select",
    { "data-testid": "colors" },
    ...COLORS.map((key) => h("option", { value: key }, NAMES[key])),
  );
  const gain = h("select", { "data-testid": "gain" });
  const wiggle = h("input", { type: "checkbox", "data-testid": "wiggle" });
  const mute = h("input", { type: "checkbox", "data-testid": "mute" });
  const field = (name: string, control: HTMLElement) => h("label", {}, h("span", {}, name), control);
  const panel = h(
    "details",
    { class: "display" },
    h("summary", { "data-testid": "display" }, "Display"),
    h(
      "div",
      { class: "display-panel" },
      field("Colours", colors),
      field("Gain", gain),
      field("Wiggles", wiggle),
      field("Mute the direct wave", mute),
    ),
  );
  colors.addEventListener("change", () => commands.set({ colors: COLORS.find((key) => key === colors.value) }));
  gain.addEventListener("change", () => commands.set({ gain: gain.value === "" ? null : Number(gain.value) }));
  wiggle.addEventListener("change", () => commands.set({ traces: TRACES[wiggle.checked ? 1 : 0] }));
  mute.addEventListener("change", () => commands.set({ mute: mute.checked }));
  // As menus do: a click elsewhere, or Escape, closes it. At the press already, what is clicked might move away.
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Node && !panel.contains(target)) panel.open = false;
  });
  panel.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") panel.open = false;
  });

  views.push(
    watching(
      ({ settings }) => [settings.colors, settings.gain, settings.traces, settings.mute],
      (colorsNow, gainNow, traces, muteNow) => {
        const gains = gainNow === null || GAINS.some((known) => known === gainNow) ? GAINS : [...GAINS, gainNow];
        gain.replaceChildren(
          h("option", { value: "" }, "found for each gather"),
          ...gains.map((value) => h("option", { value }, `×${value}`)),
        );
        gain.value = gainNow === null ? "" : String(gainNow);
        colors.value = colorsNow;
        wiggle.checked = traces === "wiggle";
        mute.checked = muteNow;
      },
    ),
    watching(
      (state) => [state.engine !== null],
      (loaded) => {
        mute.disabled = !loaded;
        mute.title = loaded ? "" : "The engine finds the direct wave, once it is loaded";
      },
    ),
  );
  return panel;
}
