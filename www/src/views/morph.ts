/** Pairs on the way from one seed to another: pictures in a row, a slider between them, the deviation along the way. */

import uPlot from "uplot";
import { colorOf, h } from "../dom";
import { axisStyle, drawRule, fill, fontOf, sizeOf } from "../draw/chart";
import { mapCanvas } from "../draw/map";
import { short } from "../draw/scale";
import type { Baselines } from "../manifest";
import { morphIndex } from "../morph";
import type { Sample } from "../sample";
import type { State } from "../state";
import { type View, watching } from "../store";
import type { Commands } from "./commands";

export function createMorph(root: HTMLElement, way: HTMLElement, commands: Commands): View[] {
  const hint = h("p", { class: "hint" });
  const items = h("ol", { class: "morph-items", "aria-label": "Pairs on the way" });
  const slider = h("input", {
    type: "range",
    min: 0,
    step: 1,
    "data-testid": "morph-point",
    "aria-label": "Point on the way",
  });
  const strip = h("div", { class: "morph-strip" }, items, h("div", { class: "morph-slider" }, slider));
  const place = h("div", { class: "chart", role: "img" });
  root.append(h("h2", {}, "From one seed to another"), hint, strip);
  way.append(h("h2", {}, "Deviation along the way"), place);
  slider.addEventListener("input", () => commands.set({ point: slider.valueAsNumber }));
  let chart: uPlot | null = null;
  fill(place, () => chart);

  return [
    watching(
      (state) => [hintFor(state)],
      (text) => {
        hint.textContent = text;
      },
    ),
    watching(
      (state) => [state.morph, state.grid, state.settings.colors],
      (morph, grid, colors) => {
        root.style.setProperty("--points", String(morph?.points ?? 1));
        if (!grid) return;
        const tiles = (morph?.samples ?? []).map((sample, index) =>
          item(sample, mapCanvas(sample.velocity, grid, colors), () => commands.set({ point: index })),
        );
        items.replaceChildren(...tiles);
      },
    ),
    watching(
      (state) => [state.morph, state.settings.point, state.settings.colors],
      (morph, point, _colors) => {
        const shown = morph ? morphIndex(morph, point) : -1;
        const sample = morph?.samples[shown];
        slider.hidden = !sample;
        slider.max = String((morph?.points ?? 1) - 1);
        slider.value = String(shown);
        slider.setAttribute("aria-valuetext", sample ? `${percentOf(sample)}, deviation ${deviationOf(sample)}` : "");
        items.querySelectorAll("button").forEach((button, index) => {
          button.ariaPressed = String(index === shown);
        });
      },
    ),
    watching(
      (state) => [state.morph, state.baselines, state.settings.mode === "morph", state.settings.point, state.dark],
      (morph, baselines, visible, point, _dark) => {
        chart?.destroy();
        chart = null;
        const samples = morph?.samples ?? [];
        const deviations = samples.map(deviationOf).join(", ");
        place.setAttribute("aria-label", `Deviations along the way: ${deviations || "none yet"}`);
        if (!visible || !morph || samples.length === 0 || place.clientWidth === 0) return;
        const at = samples[morphIndex(morph, point)]?.toward?.fraction ?? 0;
        chart = new uPlot(options(place, baselines, at), data(samples), place);
      },
    ),
  ];
}

/** Hides the panels of the pair until there is one. */
export function createMorphed(main: HTMLElement): View {
  return watching(
    ({ morph }) => [!morph?.samples.length],
    (nothing) => {
      main.classList.toggle("nothing-morphed", nothing);
    },
  );
}

const percentOf = ({ toward }: Sample) => `${Math.round(100 * (toward?.fraction ?? 0))} %`;
const deviationOf = ({ verdict }: Sample) => short(verdict?.deviation ?? Number.NaN);

function item(sample: Sample, canvas: HTMLCanvasElement, choose: () => void): HTMLElement {
  const button = h(
    "button",
    {
      type: "button",
      "data-testid": "morph-item",
      "data-value": sample.verdict?.deviation,
      "aria-pressed": "false",
    },
    canvas,
    h("b", {}, sample.verdict?.deviation.toFixed(3) ?? ""),
    h("span", {}, percentOf(sample)),
  );
  button.addEventListener("click", choose);
  return h("li", {}, button);
}

function hintFor({ settings, morph }: State): string {
  const [first] = morph?.samples ?? [];
  if (!first)
    return `Morph turns the noise of seed ${settings.seed} into that of seed ${settings.toward} in ${settings.points} points, and generates the pair of each.`;
  return `From seed ${first.seed} to seed ${first.toward?.seed}: every pair starts from noise between theirs. Under each, its deviation from the wave equation.`;
}

const data = (samples: readonly Sample[]): uPlot.AlignedData => [
  samples.map(({ toward }) => toward?.fraction ?? 0),
  samples.map(({ verdict }) => verdict?.deviation ?? null),
];

function options(place: HTMLElement, baselines: Baselines | null, at: number): uPlot.Options {
  const [font, axis, accent] = [fontOf(place), axisStyle(place), colorOf("--accent")];
  return {
    ...sizeOf(place),
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [0, 1] },
      y: { range: (_, __, most) => [0, 1.08 * Math.max(most, baselines?.ceilingMedian ?? 0)] },
    },
    axes: [
      { ...axis, label: "share of the way", size: 26 },
      { ...axis, label: "deviation", size: 34 },
    ],
    series: [{}, { stroke: accent, width: 2, points: { show: true, size: 6, fill: accent, stroke: accent } }],
    hooks: {
      drawAxes: [
        (chart) => {
          drawRule(chart, { scale: "x", value: at, name: "", color: colorOf("--ink-soft") }, font);
          if (!baselines) return;
          const [ceiling, floor] = [colorOf("--bad"), colorOf("--good")];
          drawRule(chart, { scale: "y", value: baselines.ceilingMedian, name: "ceiling", color: ceiling }, font);
          drawRule(chart, { scale: "y", value: baselines.floorP90, name: "limit", color: floor }, font);
        },
      ],
    },
  };
}
