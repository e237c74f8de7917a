/** What each stage of the last generation took. */

import { h } from "../dom";
import { duration, percent } from "../draw/scale";
import type { Timing } from "../progress";
import type { State } from "../state";
import { type View, watching } from "../store";

const NAMES: Record<string, string> = {
  sample: "denoise",
  decode: "decode both",
  simulate: "simulate waves",
  compare: "compare",
};

export function createTimings(root: HTMLElement): View {
  const rows = h("dl", { class: "bars" });
  const note = h("p", { class: "hint" });
  root.append(h("h2", {}, "Time taken"), rows, note);
  return watching(
    (state) => [state.timings, noteFor(state)],
    (timings, text) => {
      const total = timings.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
      rows.hidden = timings.length === 0;
      rows.replaceChildren(...timings.flatMap((timing) => bar(timing, total)));
      if (timings.length > 1)
        rows.append(h("dt", { class: "total" }, "all"), h("dd", { class: "total" }, duration(total)));
      note.textContent = text;
    },
  );
}

function bar({ stage, milliseconds }: Timing, total: number): HTMLElement[] {
  const width = percent(milliseconds, [0, total || 1]);
  return [
    h("dt", {}, NAMES[stage] ?? stage),
    h("dd", {}, h("span", { style: `width: ${width}%` }), duration(milliseconds)),
  ];
}

function noteFor({ sample, phase, timings, stepTime }: State): string {
  if (timings.length > 0) return "";
  if (phase === "running") return stepTime === null ? "" : `One denoising step: ${duration(stepTime)}`;
  return sample?.origin === "example"
    ? "On screen is an example that was kept beside the weights. Press Generate to compute your own, here in the browser."
    : "";
}
