/** The deviation of every denoising step's pair. */

import uPlot from "uplot";
import { colorOf, h } from "../dom";
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

const sizeOf = (place: HTMLElement) => ({ width: place.clientWidth, height: place.clientHeight });

function options(place: HTMLElement, steps: number, baselines: Baselines | null): uPlot.Options {
  const font = `11px ${getComputedStyle(place).fontFamily}`;
  const [accent, lines] = [colorOf("--accent"), colorOf("--line")];
  const axis: uPlot.Axis = {
    font,
    labelFont: font,
    stroke: colorOf("--ink-soft"),
    grid: { stroke: lines, width: 1 },
    ticks: { stroke: lines, width: 1, size: 4 },
    labelSize: 16,
    labelGap: 0,
  };
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
          line(chart, baselines.ceilingMedian, "ceiling", colorOf("--bad"), font);
          line(chart, baselines.floorP90, "floor, 90 %", colorOf("--good"), font);
        },
      ],
    },
  };
}

/** A dashed line across the chart, with its name. */
function line(chart: uPlot, value: number, name: string, color: string, font: string): void {
  const { ctx, bbox } = chart;
  const y = chart.valToPos(value, "y", true);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = font.replace("11px", `${11 * devicePixelRatio}px`);
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  ctx.fillText(name, bbox.left + bbox.width - 4 * devicePixelRatio, y - 2 * devicePixelRatio);
  ctx.restore();
}
