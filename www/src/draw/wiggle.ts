/** A gather as wiggling traces, filled where the amplitude is positive, as seismic sections are printed. */

import type { Shape } from "./raster";

/** Pixels of the picture for each receiver, and at least down the time axis. */
const ACROSS = 8;
const DOWN = 640;

/** How many traces' distances an amplitude at the clip swings. */
const SWING = 1.6;

/** At most this many traces are drawn: of more, every second, third ... */
const MOST_TRACES = 40;

/** The same for the samples of a trace: still thirty for each period of the waves. */
const MOST_SAMPLES = 500;

/** Draws (samples, receivers) amplitudes, clipped at ±`clip`; what is not a number leaves a gap. */
export function paintWiggles(
  canvas: HTMLCanvasElement,
  values: Float32Array,
  { rows, columns }: Shape,
  clip: number,
  color: string,
): void {
  canvas.width = columns * ACROSS;
  canvas.height = Math.max(DOWN, rows);
  const context = canvas.getContext("2d");
  if (!context) return;
  const every = Math.ceil(columns / MOST_TRACES);
  const step = Math.ceil(rows / MOST_SAMPLES);
  const down = canvas.height / rows;
  const swing = SWING * every * ACROSS;
  context.strokeStyle = context.fillStyle = color;
  for (let column = Math.floor(every / 2); column < columns; column += every) {
    const middle = (column + 0.5) * ACROSS;
    const [line, fill] = [new Path2D(), new Path2D()];
    fill.moveTo(middle, 0);
    for (let row = 0; row < rows; row += step) {
      const value = values[row * columns + column] ?? Number.NaN;
      const size = Math.min(1, Math.max(-1, value / clip));
      const y = (row + 0.5) * down;
      if (Number.isNaN(size)) {
        fill.lineTo(middle, y);
        line.moveTo(middle, y);
        continue;
      }
      if (row === 0) line.moveTo(middle + swing * size, y);
      else line.lineTo(middle + swing * size, y);
      fill.lineTo(middle + swing * Math.max(0, size), y);
    }
    fill.lineTo(middle, canvas.height);
    context.stroke(line);
    context.fill(fill);
  }
}
