/** Many pairs at once, the most consistent first, and how their deviations are spread. */

import type { Pair } from "@engine/wavediffusion.js";
import uPlot from "uplot";
import { colorOf, h } from "../dom";
import { axisStyle, drawRule, fill, fontOf, sizeOf } from "../draw/chart";
import type { Colors } from "../draw/colormap";
import { mapCanvas } from "../draw/map";
import { short } from "../draw/scale";
import type { Baselines, Grid } from "../manifest";
import type { State } from "../state";
import { type View, watching } from "../store";
import type { Commands } from "./commands";

/** Width of a bin of the histogram. */
const BIN = 0.02;

export function createGallery(root: HTMLElement, commands: Commands): View[] {
  const hint = h("p", { class: "hint" });
  const items = h("ol", { class: "gallery-items" });
  const place = h("div", { class: "chart", role: "img" });
  root.append(h("h2", {}, "Gallery: most consistent first"), hint, items, h("h2", {}, "Their deviations"), place);
  let chart: uPlot | null = null;
  fill(place, () => chart);

  return [
    watching(
      (state) => [state.gallery, state.grid, state.settings.colors],
      (gallery, grid, colors) => {
        if (!grid) return;
        const sorted = [...gallery].sort((a, b) => a.deviation - b.deviation);
        items.replaceChildren(...sorted.map((pair) => item(pair, grid, colors, commands)));
      },
    ),
    watching(
      (state) => [state.gallery, state.phase === "running"],
      (_gallery, running) => {
        // A pair that is looked into is a finished run's.
        for (const button of items.querySelectorAll("button")) button.disabled = running;
      },
    ),
    watching(
      (state) => [hintFor(state)],
      (text) => {
        hint.textContent = text;
      },
    ),
    watching(
      (state) => [state.gallery, state.baselines, state.settings.mode === "gallery", state.dark],
      (gallery, baselines, visible, _dark) => {
        chart?.destroy();
        chart = null;
        const deviations = gallery.map((pair) => pair.deviation);
        place.setAttribute("aria-label", `Deviations of ${gallery.length} pairs: ${deviations.map(short).join(", ")}`);
        if (!visible || !baselines || place.clientWidth === 0) return;
        chart = new uPlot(options(place, deviations, baselines), histogram(deviations, baselines), place);
      },
    ),
  ];
}

function item(pair: Pair, grid: Grid, colors: Colors, commands: Commands): HTMLElement {
  const { seed, family } = pair.request;
  const words = pair.consistent ? "consistent" : "not consistent";
  const button = h(
    "button",
    {
      type: "button",
      "data-testid": "gallery-item",
      "data-value": pair.deviation,
      title: `${family ?? "any family"}, ${words}: click to open`,
    },
    mapCanvas(pair.velocity, grid, colors),
    h("b", { class: pair.consistent ? "good" : "bad" }, pair.deviation.toFixed(3)),
    h("span", {}, `seed ${seed}`),
  );
  button.addEventListener("click", () => commands.open(pair));
  return h("li", {}, button);
}

function hintFor({ gallery, baselines }: State): string {
  if (gallery.length === 0) return "Generate draws pairs of this family, from this seed on. Click one to look into it.";
  const consistent = gallery.filter((pair) => pair.consistent).length;
  const limit = baselines ? ` (deviation up to ${short(baselines.floorP90)})` : "";
  return `${consistent} of ${gallery.length} are consistent${limit}. Click one to look into it.`;
}

const topOf = (deviations: readonly number[], { ceilingMedian }: Baselines) =>
  Math.ceil(Math.max(ceilingMedian * 1.1, ...deviations) / BIN + 1) * BIN;

/** Middles of the bins, and how many pairs are in each. */
function histogram(deviations: readonly number[], baselines: Baselines): uPlot.AlignedData {
  const bins = Math.round(topOf(deviations, baselines) / BIN);
  const counts = new Array<number>(bins).fill(0);
  for (const deviation of deviations) {
    const bin = Math.floor(deviation / BIN);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return [counts.map((_, bin) => (bin + 0.5) * BIN), counts.map((count) => count || null)];
}

function options(place: HTMLElement, deviations: readonly number[], baselines: Baselines): uPlot.Options {
  const [font, axis, accent] = [fontOf(place), axisStyle(place), colorOf("--accent")];
  return {
    ...sizeOf(place),
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [0, topOf(deviations, baselines)] },
      y: { range: (_, __, most) => [0, Math.max(4, most + 1)] },
    },
    axes: [
      { ...axis, label: "deviation", size: 26 },
      { ...axis, label: "pairs", size: 34, incrs: [1, 2, 5] },
    ],
    series: [
      {},
      { stroke: accent, fill: accent, paths: uPlot.paths.bars?.({ size: [0.9, 60] }), points: { show: false } },
    ],
    hooks: {
      drawAxes: [
        (chart) => {
          const [ceiling, floor] = [colorOf("--bad"), colorOf("--good")];
          drawRule(chart, { scale: "x", value: baselines.ceilingMedian, name: "ceiling", color: ceiling }, font);
          drawRule(chart, { scale: "x", value: baselines.floorP90, name: "limit", color: floor }, font);
        },
      ],
    },
  };
}
