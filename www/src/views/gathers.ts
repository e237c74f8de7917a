/** The gathers of one shot: generated, simulated and their difference on one colour scale. */

import { find, h } from "../dom";
import { AMPLITUDE } from "../draw/colormap";
import { createPlot } from "../draw/plot";
import { clear, paint } from "../draw/raster";
import { amplitudeScale, extent, percent, short } from "../draw/scale";
import { filmFits, type Gathers, shown } from "../state";
import { type View, watching } from "../store";
import type { Commands } from "./commands";

type Kind = "generated" | "simulated" | "difference";

/** Share of the samples that are not clipped: the direct wave is, so that reflections show. */
const SHOWN_SHARE = 0.94;

const KINDS: readonly Kind[] = ["generated", "simulated", "difference"];

export function createGathers(root: HTMLElement, commands: Commands): View[] {
  const plots = {
    generated: createPlot({
      testid: "generated-canvas",
      title: "Generated data",
      by: "model",
      note: "by the model",
    }),
    simulated: createPlot({
      testid: "simulated-canvas",
      title: "Simulated data",
      by: "physics",
      note: "wave equation",
    }),
    difference: createPlot({ testid: "difference-canvas", title: "Difference", note: "generated − simulated" }),
  };
  const cursors = KINDS.map((kind) => {
    const cursor = h("span", { class: "cursor", "aria-hidden": "true", hidden: true });
    plots[kind].box.append(cursor, h("span", { class: "waiting" }));
    return cursor;
  });
  const shots = h("fieldset", { class: "shots", "data-testid": "shot" });
  const [low, high, gainText] = [h("span"), h("span"), h("span")];
  const bar = h("canvas", { "aria-hidden": "true" });
  const scale = h("p", {
    class: "scale",
    title: "One colour scale for all three pictures; stronger waves are clipped",
  });
  scale.append(low, bar, high, gainText);
  const ramp = Float32Array.from(AMPLITUDE, (_, i) => i + 0.5);
  paint(bar, ramp, { rows: 1, columns: ramp.length }, [0, ramp.length], AMPLITUDE);
  root.append(
    h("div", { class: "side-by-side three" }, ...KINDS.map((kind) => plots[kind].element)),
    h("div", { class: "under" }, shots, scale),
  );

  return [
    watching(
      (state) => [state.grid],
      (grid) => {
        if (!grid) return;
        const options = grid.sourcesX.map((x, shot) => {
          const input = h("input", { type: "radio", name: "shot", value: shot, "data-testid": `shot-${shot}` });
          input.addEventListener("change", () => commands.set({ shot }));
          return h(
            "label",
            { title: `Source at ${x * grid.spacing} m` },
            input,
            h("span", {}, `${x * grid.spacing} m`),
          );
        });
        shots.replaceChildren(h("legend", {}, "Shot at"), ...options);
      },
    ),
    watching(
      (state) => [state.settings.shot, state.grid],
      (shot, grid) => {
        if (!grid) return;
        shots.dataset.value = String(shot);
        find<HTMLInputElement>(`[value="${shot}"]`, shots).checked = true;
      },
    ),
    watching(
      (state) => [shown(state)?.gathers, state.grid, state.settings.shot],
      (gathers, grid, shot) => {
        if (!gathers || !grid) return;
        const axes = [
          { name: "receiver (m)", extent: extent(grid.receivers, grid.spacing), ticks: 4 },
          { name: "time (s)", extent: extent(gathers.samples, gathers.dt), ticks: 5 },
        ] as const;
        const shape = { rows: gathers.samples, columns: grid.receivers };
        const reference = shotOf(gathers.simulated ?? gathers.generated, gathers, grid.receivers, shot);
        const { clip, gain } = amplitudeScale(reference, SHOWN_SHARE);
        for (const kind of KINDS) {
          const { canvas, box, axes: setAxes, describe } = plots[kind];
          const values = gathers[kind];
          setAxes(...axes);
          box.classList.toggle("empty", values === null);
          if (values) paint(canvas, shotOf(values, gathers, grid.receivers, shot), shape, [-clip, clip], AMPLITUDE);
          else clear(canvas);
          const at = `shot at ${(grid.sourcesX[shot] ?? 0) * grid.spacing} metres`;
          describe(
            values ? `${kind} seismic data, ${at}, colours to ±${short(clip)}` : `${kind} seismic data: not yet`,
          );
        }
        low.textContent = `−${short(clip)}`;
        high.textContent = `+${short(clip)}`;
        gainText.textContent = `gain ×${short(gain)}`;
      },
    ),
    watching(
      (state) => [state.settings.mode === "invert"],
      (inverting) => {
        plots.generated.title(inverting ? "Given data" : "Generated data", inverting ? undefined : "model");
        plots.generated.note(inverting ? "what is inverted" : "by the model");
        plots.difference.note(inverting ? "given − simulated" : "generated − simulated");
      },
    ),
    watching(
      (state) => [state.phase === "running"],
      (running) => {
        const note = running ? "after the last step" : "";
        for (const kind of KINDS) find(".waiting", plots[kind].box).textContent = note;
      },
    ),
    watching(
      (state) => {
        const film = filmFits(state.film, shown(state)?.velocity, state.settings.shot) ? state.film : null;
        const seconds = film?.frames ? film.frame * film.frames.every * (state.engine?.shape.dt ?? 0) : null;
        return [seconds, shown(state)?.gathers];
      },
      (seconds, gathers) => {
        for (const cursor of cursors) {
          cursor.hidden = seconds === null || !gathers;
          if (seconds !== null && gathers)
            cursor.style.top = `${percent(seconds, extent(gathers.samples, gathers.dt))}%`;
        }
      },
    ),
  ];
}

/** One shot's part of (shots, samples, receivers) values. */
function shotOf(values: Float32Array, { samples }: Gathers, receivers: number, shot: number): Float32Array {
  const length = samples * receivers;
  return values.subarray(shot * length, (shot + 1) * length);
}
