/** The pair on screen as one figure for a paper or a slide: map, gathers, difference, axes, colour bars, settings. */

import { type ColorTable, palette } from "../draw/colormap";
import { mapCanvas } from "../draw/map";
import type { Axis } from "../draw/plot";
import { paintTable } from "../draw/raster";
import { extent, short } from "../draw/scale";
import type { Grid } from "../manifest";
import type { Sample } from "../sample";
import type { State } from "../state";
import { shown } from "../state";
import { firstPicture, type GatherView, gatherView, KINDS } from "../views/gather";
import { type Box, colorBar, label, panel } from "./panel";
import { s } from "./svg";

const WIDTH = 1560;
const HEIGHT = 440;
const TOP = 70;
const SIDE = 290;

/** Draws the figure; null while there is nothing to draw. */
export function drawFigure(state: State): SVGElement | null {
  const sample = shown(state);
  const { grid, settings } = state;
  const view = gatherView(state);
  if (!sample || !grid || !view) return null;
  const { velocity, amplitude } = palette(settings.colors);
  const box = (left: number, width = SIDE): Box => ({ left, top: TOP, width, height: SIDE });
  const map = mapCanvas(sample.velocity, grid, settings.colors);
  const { title } = firstPicture(settings.mode);
  const titles = { generated: `${title} data`, simulated: "Simulated data", difference: "Difference" };
  const gathers = KINDS.map((kind, i) => {
    const picture = view.pictures[kind];
    const canvas = drawn((canvas) => picture && view.paint(canvas, picture, "#1b2230"));
    return panel(canvas, box(510 + 310 * i), titles[kind], ...axesOf(view, grid, i));
  });
  return s(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: WIDTH,
      height: HEIGHT,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      "font-family": "Helvetica, Arial, sans-serif",
    },
    s("rect", { width: WIDTH, height: HEIGHT, fill: "#fff" }),
    label(caption(sample), 70, 28, "start", "bold"),
    label(details(state, sample, grid), WIDTH - 20, 28, "end"),
    panel(map, box(70), "Velocity map", axis("position (m)", grid.nx, grid.spacing), {
      ...axis("depth (m)", grid.nz, grid.spacing),
    }),
    colorBar(ramp(velocity), box(372, 14), { name: "m/s", extent: grid.speeds, ticks: 6 }),
    ...gathers,
    colorBar(ramp(amplitude), box(1434, 14), { name: "amplitude", extent: [-view.clip, view.clip], ticks: 5 }),
  );
}

const axis = (name: string, count: number, step: number): Axis => ({ name, extent: extent(count, step), ticks: 6 });

/** The gathers share the time axis of the first. */
const axesOf = ({ samples, dt }: GatherView, { receivers, spacing }: Grid, index: number): [Axis, Axis | null] => [
  axis("receiver (m)", receivers, spacing),
  index === 0 ? axis("time (s)", samples, dt) : null,
];

function caption({ origin, family, seed, toward, step, steps, guidance }: Sample): string {
  if (origin === "inverted") return "Velocity map from the data";
  if (origin === "drawn") return "Drawn velocity map";
  const way = toward ? `, ${Math.round(100 * toward.fraction)} % of the way to seed ${toward.seed}` : "";
  const passed = step < steps ? `after step ${step} of ${steps}` : `${steps} steps`;
  return `${family ?? "Any family"}, seed ${seed}${way}, ${passed}, guidance ${guidance}`;
}

function details({ settings, baselines }: State, { verdict }: Sample, { sourcesX, spacing }: Grid): string {
  const shot = `shot at ${(sourcesX[settings.shot] ?? 0) * spacing} m`;
  if (!verdict) return shot;
  const { deviation, ssim } = verdict;
  const scale = baselines ? ` (floor ${short(baselines.floorMedian)}, ceiling ${short(baselines.ceilingMedian)})` : "";
  return `${shot}; deviation from the wave equation ${deviation.toFixed(3)}${scale}, SSIM ${ssim.toFixed(3)}`;
}

/** A canvas of its own. */
function drawn(draw: (canvas: HTMLCanvasElement) => void): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  draw(canvas);
  return canvas;
}

/** A colour table from bottom to top of a bar whose axis runs downwards, as those of the page do. */
const ramp = (table: ColorTable): HTMLCanvasElement => drawn((canvas) => paintTable(canvas, table));
