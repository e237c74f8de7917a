/** The gather of the chosen shot as it is to be shown: muted, scaled, as colours or wiggles. */

import { palette } from "../draw/colormap";
import { paint } from "../draw/raster";
import { amplitudeScale } from "../draw/scale";
import { paintWiggles } from "../draw/wiggle";
import type { Gathers } from "../sample";
import type { Mode } from "../settings";
import { type State, shown } from "../state";

export const KINDS = ["generated", "simulated", "difference"] as const;
export type Kind = (typeof KINDS)[number];

const FIRST = {
  generate: { title: "Generated", by: "model", note: "by the model" },
  draw: { title: "Predicted", by: "model", note: "by the model" },
  invert: { title: "Given", by: undefined, note: "what is inverted" },
} as const;

/** What the first of the three pictures is in a mode. */
export const firstPicture = (mode: Mode) => FIRST[mode === "invert" || mode === "draw" ? mode : "generate"];

/** What a file or a sentence calls a picture in a mode. */
export const kindName = <K extends string>(kind: K, mode: Mode): string =>
  kind === "generated" ? firstPicture(mode).title.toLowerCase() : kind;

/** Share of the samples that is not clipped: the direct wave is, so that reflections show. */
const SHOWN_SHARE = 0.94;

export interface GatherView {
  /** Samples of a trace, and seconds between them. */
  samples: number;
  dt: number;
  /** Colours span -clip to clip. */
  clip: number;
  gain: number;
  /** (samples, receivers) of each kind; null while there is none. */
  pictures: Record<Kind, Float32Array | null>;
  paint(canvas: HTMLCanvasElement, picture: Float32Array, ink: string): void;
}

/** What the gathers of a view depend on. */
export const gatherInputs = (state: State) => {
  const { shot, colors, traces, gain } = state.settings;
  return [shown(state)?.gathers, state.grid, muteOf(state), shot, colors, traces, gain] as const;
};

/** The view of the pair on screen, if there is one. */
export function gatherView(state: State): GatherView | null {
  const [gathers, grid, mute, shot, colors, traces, gain] = gatherInputs(state);
  if (!gathers || !grid) return null;
  const picture = (values: Float32Array | null) =>
    values && muted(shotOf(values, gathers, grid.receivers, shot), gathers, mute);
  const pictures = {
    generated: picture(gathers.generated),
    simulated: picture(gathers.simulated),
    difference: picture(gathers.difference),
  };
  const reference = pictures.simulated ?? pictures.generated ?? new Float32Array();
  const scale = amplitudeScale(reference, SHOWN_SHARE, gain);
  const shape = { rows: gathers.samples, columns: grid.receivers };
  return {
    samples: gathers.samples,
    dt: gathers.dt,
    ...scale,
    pictures,
    paint(canvas, values, ink) {
      if (traces === "wiggle") paintWiggles(canvas, values, shape, scale.clip, ink);
      else paint(canvas, values, shape, [-scale.clip, scale.clip], palette(colors).amplitude);
    },
  };
}

/** When the direct wave of the shot on screen has passed each receiver, where it is to be left out. */
function muteOf(state: State): Float32Array | null {
  const { directWave, grid, settings } = state;
  if (!settings.mute || !grid || directWave?.velocity !== shown(state)?.velocity) return null;
  return directWave?.end.subarray(settings.shot * grid.receivers, (settings.shot + 1) * grid.receivers) ?? null;
}

/** One shot's part of (shots, samples, receivers) values. */
export function shotOf(values: Float32Array, { samples }: Gathers, receivers: number, shot: number): Float32Array {
  const length = samples * receivers;
  return values.subarray(shot * length, (shot + 1) * length);
}

/** A gather without what came before the direct wave had passed; no number stands there. */
function muted(gather: Float32Array, { dt }: Gathers, end: Float32Array | null): Float32Array {
  if (!end) return gather;
  return gather.map((value, i) => (Math.floor(i / end.length) * dt < (end[i % end.length] ?? 0) ? Number.NaN : value));
}
