/** The denoising path: the deviation of every step's pair, and a slider that puts that pair on screen. */

import uPlot from "uplot";
import { colorOf, h } from "../dom";
import { axisStyle, drawRule, fill, fontOf, sizeOf, unzoomed } from "../draw/chart";
import { short } from "../draw/scale";
import type { Baselines } from "../manifest";
import type { PathPoint } from "../sample";
import { type State, shown } from "../state";
import { type View, watching } from "../store";
import type { Commands } from "./commands";

/** Milliseconds that a step stays on screen while the path is played. */
const PACE = 180;

export function createPath(root: HTMLElement, commands: Commands): View[] {
  const hint = h("p", { class: "hint" }, "Switch on “Check every step” to see the deviation fall as the pair forms.");
  const place = h("div", { class: "chart", role: "img" });
  const play = h("button", { type: "button", class: "small", "data-testid": "replay" }, "Replay");
  const slider = h("input", {
    type: "range",
    min: 1,
    step: 1,
    "data-testid": "timeline",
    "aria-label": "Denoising step on screen",
  });
  const label = h("span", { class: "time" });
  const timeline = h("div", { class: "timeline" }, play, slider, label);
  root.append(h("h2", {}, "Deviation along the denoising path"), hint, place, timeline);

  let steps = 1;
  let playing: ReturnType<typeof setInterval> | undefined;
  const stop = () => {
    clearInterval(playing);
    playing = undefined;
  };
  slider.addEventListener("input", () => {
    stop();
    commands.pass(slider.valueAsNumber);
  });
  play.addEventListener("click", () => {
    stop();
    let step = 1;
    commands.pass(step);
    playing = setInterval(() => {
      step += 1;
      commands.pass(step);
      if (step >= steps) stop();
    }, PACE);
  });

  let chart: uPlot | null = null;
  /** The step that the chart marks. */
  let marked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  fill(place, () => chart);
  place.addEventListener("click", ({ clientX }) => {
    if (!chart || slider.disabled) return;
    stop();
    const { left, width } = chart.over.getBoundingClientRect();
    commands.pass(Math.round(chart.posToVal(((clientX - left) / width) * chart.over.clientWidth, "x")));
  });

  return [
    watching(
      (state) => [...placeOnPath(state), state.trail.length > 0 && state.phase !== "running"],
      (step, of, deviation, can) => {
        steps = of;
        if (!can) stop();
        slider.disabled = play.disabled = !can;
        slider.max = String(of);
        slider.value = String(step);
        const said = deviation === null ? "" : `, deviation ${short(deviation)}`;
        slider.setAttribute("aria-valuetext", `step ${step} of ${of}${said}`);
        label.textContent = `step ${step} of ${of}`;
        timeline.title = can ? "" : "Generate a pair to look at its steps";
        place.classList.toggle("steps", can);
        marked = step;
        chart?.redraw(false);
      },
    ),
    watching(
      ({ sample, baselines, dark }) => [sample?.path, sample?.steps, baselines, dark],
      (path, of, baselines, _dark) => {
        clearTimeout(timer);
        chart?.destroy();
        chart = null;
        const some = path !== undefined && path.length > 0;
        hint.hidden = some;
        place.hidden = !some;
        if (!some) return;
        chart = new uPlot(
          options(place, of ?? path.length, baselines, () => marked),
          data(path),
          place,
        );
        const [first, last] = [path[0], path.at(-1)];
        place.setAttribute(
          "aria-label",
          `Deviation ${short(first?.deviation ?? 0)} at step ${first?.step} and ${short(last?.deviation ?? 0)} at step ${last?.step}`,
        );
      },
    ),
  ];
}

/** Where on the path the pair on screen is: step, steps, deviation if it is known. */
function placeOnPath(state: State): readonly [number, number, number | null] {
  const sample = state.settings.mode === "generate" ? shown(state) : state.sample;
  if (!sample) return [1, 1, null];
  const known = sample.verdict?.deviation ?? sample.path.find(({ step }) => step === sample.step)?.deviation;
  return [sample.step, sample.steps, known ?? null];
}

const data = (path: readonly PathPoint[]): uPlot.AlignedData => [
  path.map((point) => point.step),
  path.map((point) => point.deviation),
];

function options(place: HTMLElement, steps: number, baselines: Baselines | null, marked: () => number): uPlot.Options {
  const [font, axis, accent] = [fontOf(place), axisStyle(place), colorOf("--accent")];
  return {
    ...sizeOf(place),
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { points: { size: 7 }, drag: { x: false, y: false }, move: unzoomed },
    scales: {
      x: { time: false, range: [0, steps] },
      y: { range: (_, __, most) => [0, 1.08 * Math.max(most, baselines?.ceilingMedian ?? 0)] },
    },
    axes: [
      { ...axis, label: "denoising step", size: 26, incrs: [1, 2, 5, 10, 20] },
      { ...axis, label: "deviation", size: 34 },
    ],
    series: [
      {},
      {
        stroke: accent,
        width: 2,
        points: { show: true, size: 5, fill: accent, stroke: accent },
      },
    ],
    hooks: {
      drawAxes: [
        (chart) => {
          const at = marked();
          if (at < steps) drawRule(chart, { scale: "x", value: at, name: "", color: colorOf("--ink") }, font);
          if (!baselines) return;
          const [ceiling, floor] = [colorOf("--bad"), colorOf("--good")];
          drawRule(chart, { scale: "y", value: baselines.ceilingMedian, name: "ceiling", color: ceiling }, font);
          drawRule(chart, { scale: "y", value: baselines.floorP90, name: "limit", color: floor }, font);
        },
      ],
    },
  };
}
