/** The deviation of every denoising step's pair. */

import uPlot from "uplot";
import { colorOf, h } from "../dom";
import { axisStyle, drawRule, fontOf, sizeOf } from "../draw/chart";
import { short } from "../draw/scale";
import type { Baselines } from "../manifest";
import type { PathPoint } from "../state";
import { type View, watching } from "../store";

export function createPath(root: HTMLElement): View {
  const hint = h("p", { class: "hint" }, "Switch on “Check every step” to see the deviation fall as the pair forms.");
  const place = h("div", { class: "chart", role: "img" });
  root.append(h("h2", {}, "Deviation along the denoising path"), hint, place);
  let chart: uPlot | null = null;
  new ResizeObserver(() => chart?.setSize(sizeOf(place))).observe(place);

  return watching(
    (state) => [state.sample?.path, state.sample?.steps, state.baselines, state.dark],
    (path, steps, baselines, _dark) => {
      chart?.destroy();
      chart = null;
      const some = path !== undefined && path.length > 0;
      hint.hidden = some;
      place.hidden = !some;
      if (!some) return;
      chart = new uPlot(options(place, steps ?? path.length, baselines), data(path), place);
      const [first, last] = [path[0], path.at(-1)];
      place.setAttribute(
        "aria-label",
        `Deviation ${short(first?.deviation ?? 0)} at step ${first?.step} and ${short(last?.deviation ?? 0)} at step ${last?.step}`,
      );
    },
  );
}

const data = (path: readonly PathPoint[]): uPlot.AlignedData => [
  path.map((point) => point.step),
  path.map((point) => point.deviation),
];

function options(place: HTMLElement, steps: number, baselines: Baselines | null): uPlot.Options {
  const [font, axis, accent] = [fontOf(place), axisStyle(place), colorOf("--accent")];
  return {
    ...sizeOf(place),
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { points: { size: 7 }, drag: { x: false, y: false } },
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
          if (!baselines) return;
          const [ceiling, floor] = [colorOf("--bad"), colorOf("--good")];
          drawRule(chart, { scale: "y", value: baselines.ceilingMedian, name: "ceiling", color: ceiling }, font);
          drawRule(chart, { scale: "y", value: baselines.floorP90, name: "floor, 90 %", color: floor }, font);
        },
      ],
    },
  };
}
