/** Ticks, positions and amplitude scales. */

/** Round values between `low` and `high`, about `count` of them, at steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / count;
  if (!(raw > 0) || !Number.isFinite(raw)) return [];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toFixed(digits)));
}

/** What an axis of `count` samples `step` apart covers: every sample in the middle of its pixel. */
export const extent = (count: number, step: number): [number, number] => [-step / 2, (count - 0.5) * step];

/** Position of a value on an axis, in per cent of its length, kept on the axis. */
export function percent(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(100, Math.max(0, (100 * (value - low)) / (high - low)));
}

export interface AmplitudeScale {
  /** Colours span -clip to clip. */
  clip: number;
  /** How many times weaker the clip is than the strongest amplitude. */
  gain: number;
}

/** How many values the share is counted on: enough for a colour scale, few enough to sort between two frames. */
const COUNTED = 8192;

/**
 * A symmetric colour scale that shows the given share of the amplitudes without clipping, or has the given gain; NaN are
 * left out.
 */
export function amplitudeScale(values: Float32Array, share: number, gain: number | null = null): AmplitudeScale {
  let peak = 0;
  for (const value of values) peak = Math.max(peak, Math.abs(value) || 0);
  if (gain !== null) return { clip: peak / gain || 1, gain };
  const stride = Math.max(1, Math.floor(values.length / COUNTED));
  const sizes = Float32Array.from({ length: Math.ceil(values.length / stride) }, (_, i) =>
    Math.abs(values[i * stride] ?? 0),
  )
    .filter((size) => !Number.isNaN(size))
    .sort();
  const clip = sizes[Math.floor(share * (sizes.length - 1))] || peak || 1;
  return { clip, gain: peak > 0 ? peak / clip : 1 };
}

/** A number with three significant digits and no exponent where one can do without. */
export function short(value: number): string {
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** Milliseconds as a person would say them. */
export function duration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 99_500) return `${(milliseconds / 1000).toFixed(1)} s`;
  return milliseconds < 599_500 ? `${Math.round(milliseconds / 1000)} s` : `${Math.round(milliseconds / 60_000)} min`;
}
