/** The gathers of one shot: generated, simulated and their difference on one colour scale. */

import { nearest, type Pointer } from "../display";
import { colorOf, find, h } from "../dom";
import { palette } from "../draw/colormap";
import { createPlot, type OnPoint } from "../draw/plot";
import { clear, paint } from "../draw/raster";
import { extent, percent, short } from "../draw/scale";
import { filmFits } from "../film";
import type { Grid } from "../manifest";
import type { Gathers } from "../sample";
import { inSlices } from "../slices";
import { type State, shown } from "../state";
import { changing, type View, watching } from "../store";
import type { Commands } from "./commands";
import { createDisplay } from "./display";
import { firstPicture, type GatherView, gatherInputs, gatherView, KINDS, kindName, shotOf } from "./gather";

export function createGathers(root: HTMLElement, commands: Commands): View[] {
  const onPoint: OnPoint = (place) => commands.point(place && { axis: "time", ...place });
  const plots = {
    generated: createPlot({
      testid: "generated-canvas",
      title: "Generated data",
      by: "model",
      note: "by the model",
      onPoint,
    }),
    simulated: createPlot({
      testid: "simulated-canvas",
      title: "Simulated data",
      by: "physics",
      note: "wave equation",
      onPoint,
    }),
    difference: createPlot({
      testid: "difference-canvas",
      title: "Difference",
      note: "generated − simulated",
      onPoint,
    }),
  };
  const views: View[] = [];
  /** What the pictures show, or will in a moment. */
  let latest: GatherView | null = null;
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
  root.append(
    h("div", { class: "side-by-side three" }, ...KINDS.map((kind) => plots[kind].element)),
    h("div", { class: "under" }, shots, createDisplay(commands, views), scale),
  );

  views.push(
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
      (state) => [state.settings.colors],
      (colors) => {
        const { amplitude } = palette(colors);
        const ramp = Float32Array.from(amplitude, (_, i) => i + 0.5);
        paint(bar, ramp, { rows: 1, columns: ramp.length }, [0, ramp.length], amplitude);
      },
    ),
    changing(
      (state) => [...gatherInputs(state), state.dark],
      (state) => {
        const { grid, settings } = state;
        const view = gatherView(state);
        if (!view || !grid) return;
        const { samples, dt, clip: limit } = view;
        latest = view;
        const ink = colorOf("--ink");
        const paintings = KINDS.map((kind) => () => {
          const picture = view.pictures[kind];
          if (latest !== view) return;
          if (picture) view.paint(plots[kind].canvas, picture, ink);
          else clear(plots[kind].canvas);
        });
        // Colours are quickly painted; wiggles would keep the visitor waiting.
        if (settings.traces === "wiggle") void inSlices(paintings);
        else for (const painting of paintings) painting();
        for (const kind of KINDS) {
          const { box, axes, describe } = plots[kind];
          const picture = view.pictures[kind];
          axes(
            { name: "receiver (m)", extent: extent(grid.receivers, grid.spacing), ticks: 4 },
            { name: "time (s)", extent: extent(samples, dt), ticks: 5 },
          );
          box.classList.toggle("empty", picture === null);
          const at = `shot at ${(grid.sourcesX[settings.shot] ?? 0) * grid.spacing} metres`;
          const name = kindName(kind, settings.mode);
          describe(
            picture ? `${name} seismic data, ${at}, colours to ±${short(limit)}` : `${name} seismic data: not yet`,
          );
        }
        low.textContent = `−${short(limit)}`;
        high.textContent = `+${short(limit)}`;
        gainText.textContent = `gain ×${short(view.gain)}`;
      },
    ),
    watching(
      (state) => [state.pointer, shown(state)?.gathers, state.grid, state.settings.shot],
      (pointer, gathers, grid, shot) => {
        const inside = pointer?.axis === "time";
        for (const kind of KINDS) {
          const values = inside && grid && gathers?.[kind];
          const text = values ? amplitudeAt(pointer, shotOf(values, gathers, grid.receivers, shot), gathers, grid) : "";
          plots[kind].mark(pointer && { x: pointer.x, y: inside ? pointer.y : null }, text);
        }
      },
    ),
    watching(
      (state) => [state.settings.mode],
      (mode) => {
        const { title, by, note } = firstPicture(mode);
        plots.generated.title(`${title} data`, by);
        plots.generated.note(note);
        plots.difference.note(`${title.toLowerCase()} − simulated`);
      },
    ),
    watching(
      (state) => [state.phase === "running", shown(state)?.origin === "passing"],
      (running, passing) => {
        const note = running ? "after the last step" : passing ? "simulating" : "";
        for (const kind of KINDS) find(".waiting", plots[kind].box).textContent = note;
      },
    ),
    watching(
      (state) => [filmTime(state), shown(state)?.gathers],
      (seconds, gathers) => {
        for (const cursor of cursors) {
          cursor.hidden = seconds === null || !gathers;
          if (seconds !== null && gathers)
            cursor.style.top = `${percent(seconds, extent(gathers.samples, gathers.dt))}%`;
        }
      },
    ),
  );
  return views;
}

/** Seconds that the wavefield over this shot's map has run. */
function filmTime(state: State): number | null {
  const { film, engine, settings } = state;
  const fits = filmFits(film, shown(state)?.velocity, settings.shot);
  return fits && film.frames && engine ? film.frame * film.frames.every * engine.shape.dt : null;
}

/** What a gather says where the pointer is. */
function amplitudeAt({ x, y }: Pointer, gather: Float32Array, { samples, dt }: Gathers, grid: Grid): string {
  const [row, column] = [nearest(y, samples, dt), nearest(x, grid.receivers, grid.spacing)];
  return `${column * grid.spacing} m, ${(row * dt).toFixed(3)} s: ${short(gather[row * grid.receivers + column] ?? 0)}`;
}
