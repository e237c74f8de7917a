/** Velocity maps as pictures: unless told otherwise, the colours span what the model knows. */

import { h } from "../dom";
import type { Grid } from "../manifest";
import { type Colors, palette } from "./colormap";
import { paint } from "./raster";

/** Draws a map of the grid. */
export function paintMap(
  canvas: HTMLCanvasElement,
  values: Float32Array,
  grid: Grid,
  colors: Colors,
  range = grid.speeds,
): void {
  paint(canvas, values, { rows: grid.nz, columns: grid.nx }, range, palette(colors).velocity);
}

/** A picture of a map for what has words beside it. */
export function mapCanvas(values: Float32Array, grid: Grid, colors: Colors, range = grid.speeds): HTMLCanvasElement {
  const canvas = h("canvas", { "aria-hidden": "true" });
  paintMap(canvas, values, grid, colors, range);
  return canvas;
}
