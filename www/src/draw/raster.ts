/** Arrays as pictures: one pixel a value; the style sheet stretches the canvas. */

import { type ColorTable, colorIndex } from "./colormap";

export interface Shape {
  rows: number;
  columns: number;
}

/** Gives the canvas one pixel a value and hands its pixels to `fill`, packed RGBA. */
function withPixels(canvas: HTMLCanvasElement, { rows, columns }: Shape, fill: (pixels: Uint32Array) => void): void {
  if (rows < 1 || columns < 1) return;
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(columns, rows);
  fill(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
}

/** Draws (rows, columns) values between `low` and `high`; what is not a number stays transparent. */
export function paint(
  canvas: HTMLCanvasElement,
  values: Float32Array,
  shape: Shape,
  [low, high]: readonly [number, number],
  table: ColorTable,
): void {
  withPixels(canvas, shape, (pixels) => {
    for (let i = 0; i < pixels.length; i++) {
      const value = values[i] ?? Number.NaN;
      pixels[i] = Number.isNaN(value) ? 0 : (table[colorIndex(value, low, high, table.length)] ?? 0);
    }
  });
}

/** Draws a colour table as a bar, its first entry on top. */
export function paintTable(canvas: HTMLCanvasElement, table: ColorTable): void {
  withPixels(canvas, { rows: table.length, columns: 1 }, (pixels) => pixels.set(table));
}

/** Draws a wave to lay over another picture: crests white, troughs black, rest transparent. */
export function paintWave(canvas: HTMLCanvasElement, values: Float32Array, shape: Shape, clip: number): void {
  withPixels(canvas, shape, (pixels) => {
    const bytes = new Uint8ClampedArray(pixels.buffer);
    for (let i = 0; i < pixels.length; i++) {
      const size = (values[i] ?? 0) / clip;
      bytes.fill(size > 0 ? 255 : 0, 4 * i, 4 * i + 3);
      bytes[4 * i + 3] = 210 * Math.min(1, Math.abs(size));
    }
  });
}

/** Wipes a canvas. */
export function clear(canvas: HTMLCanvasElement): void {
  canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
}
