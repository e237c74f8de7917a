/** The velocity map, its colour bar, the survey on it, and the wavefield that runs over it. */

import type { Wavefield } from "@engine/wavediffusion.js";
import { nearest, type Pointer } from "../display";
import { find, h } from "../dom";
import { type ColorTable, palette } from "../draw/colormap";
import { paintMap } from "../draw/map";
import { type Axis, createPlot, labels } from "../draw/plot";
import { clear, paintTable, paintWave } from "../draw/raster";
import { amplitudeScale, extent, percent, short } from "../draw/scale";
import { filmFits, RATES } from "../film";
import type { Grid } from "../manifest";
import type { Sample } from "../sample";
import { shown } from "../state";
import { type View, watching } from "../store";
import type { Commands } from "./commands";

/** Share of a film's amplitudes that is not clipped. */
const SHOWN_SHARE = 0.95;

export function createGround(root: HTMLElement, commands: Commands): View[] {
  const plot = createPlot({
    testid: "velocity-canvas",
    title: "Velocity map",
    by: "model",
    note: "by the model",
    onPoint: (place) => commands.point(place && { axis: "depth", ...place }),
  });
  const wave = h("canvas", {
    class: "wave",
    "data-testid": "wavefield-canvas",
    role: "img",
    "aria-label": "Wavefield of the simulation: not playing",
  });
  const source = h("span", { class: "source", "aria-hidden": "true" });
  const receivers = h("span", { class: "receivers", "aria-hidden": "true" });
  plot.box.append(wave, receivers, source);
  const bar = colorBar();
  root.append(h("div", { class: "side-by-side" }, plot.element, bar.element), player());

  const play = find<HTMLButtonElement>("[data-testid=play]", root);
  const scrub = find<HTMLInputElement>("[data-testid=scrub]", root);
  const time = find(".time", root);
  const rate = find<HTMLSelectElement>("[data-testid=rate]", root);
  const shifts = [...root.querySelectorAll<HTMLButtonElement>("[data-frames]")];
  for (const button of shifts) button.addEventListener("click", () => commands.shift(Number(button.dataset.frames)));
  rate.addEventListener("change", () => commands.set({ rate: Number(rate.value) }));
  play.addEventListener("click", () => (play.dataset.playing === "true" ? commands.pause() : commands.play()));
  scrub.addEventListener("input", () => {
    // Pausing sets the slider back to where the film is.
    const frame = scrub.valueAsNumber;
    commands.pause();
    commands.seek(frame);
  });

  return [
    watching(
      (state) => [state.grid],
      (grid) => {
        if (!grid) return;
        plot.axes(
          { name: "position (m)", extent: extent(grid.nx, grid.spacing), ticks: 7 },
          { name: "depth (m)", extent: extent(grid.nz, grid.spacing), ticks: 7 },
        );
        bar.axis({ name: "m/s", extent: grid.speeds, ticks: 6 });
      },
    ),
    watching(
      (state) => [state.grid, state.settings.shot],
      (grid, shot) => {
        source.hidden = receivers.hidden = grid === null;
        if (!grid) return;
        source.style.left = `${percent((grid.sourcesX[shot] ?? 0) * grid.spacing, extent(grid.nx, grid.spacing))}%`;
        receivers.style.setProperty("--receivers", String(grid.receivers));
      },
    ),
    watching(
      (state) => [state.settings.colors],
      (colors) => bar.paint(palette(colors).velocity),
    ),
    watching(
      (state) => [shown(state)?.velocity, state.grid, state.settings.colors],
      (velocity, grid, colors) => {
        if (!velocity || !grid) return;
        paintMap(plot.canvas, velocity, grid, colors);
      },
    ),
    watching(
      (state) => [state.pointer, shown(state)?.velocity, state.grid],
      (pointer, velocity, grid) => {
        const below = pointer?.axis === "depth";
        plot.mark(
          pointer && { x: pointer.x, y: below ? pointer.y : null },
          below ? speedAt(pointer, velocity, grid) : "",
        );
      },
    ),
    watching(
      (state) => [shown(state)],
      (sample) => {
        if (!sample) return;
        plot.title("Velocity map", sample.origin === "drawn" ? undefined : "model");
        plot.note(nameOf(sample));
        plot.describe(describeMap(sample));
      },
    ),
    watching(
      (state) => {
        const fits = filmFits(state.film, shown(state)?.velocity, state.settings.shot);
        return [fits ? state.film : null, state.engine?.shape.dt ?? 0];
      },
      (film, dt) => {
        const frames = film?.frames ?? null;
        const seconds = (film?.frame ?? 0) * (frames?.every ?? 0) * dt;
        scrub.disabled = frames === null;
        for (const button of shifts) button.disabled = frames === null;
        scrub.max = String((frames?.frames ?? 2) - 1);
        scrub.value = String(film?.frame ?? 0);
        time.textContent = film && !frames ? "simulating" : `${seconds.toFixed(2)} s`;
        wave.setAttribute("aria-label", `Wavefield of the simulation at ${seconds.toFixed(2)} seconds`);
        if (film && frames) {
          const cells = frames.nz * frames.nx;
          const picture = frames.values.subarray(film.frame * cells, (film.frame + 1) * cells);
          paintWave(wave, picture, { rows: frames.nz, columns: frames.nx }, filmClip(frames));
        } else clear(wave);
      },
    ),
    watching(
      (state) => [state.settings.rate],
      (now) => {
        const rates: readonly number[] = RATES;
        const known = rates.includes(now) ? rates : [...rates, now].sort((a, b) => a - b);
        rate.replaceChildren(...known.map((value) => h("option", { value }, `×${value}`)));
        rate.value = String(now);
      },
    ),
    watching(
      (state) => [
        state.engine !== null && state.phase !== "running" && shown(state) !== null,
        filmFits(state.film, shown(state)?.velocity, state.settings.shot) && state.film.playing,
      ],
      (can, playing) => {
        play.disabled = !can;
        play.title = can ? "" : "The waves can be played once the engine is loaded and idle";
        play.dataset.playing = String(playing);
        play.setAttribute("aria-label", playing ? "Pause the wavefield" : "Play the wavefield");
      },
    ),
  ];
}

const clips = new WeakMap<Wavefield, number>();

/** The colour scale of a film, found once. */
function filmClip(film: Wavefield): number {
  const known = clips.get(film);
  if (known !== undefined) return known;
  const { clip } = amplitudeScale(film.values, SHOWN_SHARE);
  clips.set(film, clip);
  return clip;
}

function nameOf({ origin, family, seed, toward, step, steps }: Sample): string {
  if (origin === "inverted") return "from the data";
  if (origin === "drawn") return "drawn by you";
  if (origin === "passing") return `after step ${step} of ${steps}`;
  if (toward) return `seed ${seed} to ${toward.seed}, ${Math.round(100 * toward.fraction)} %`;
  return `${family ?? "any family"}, seed ${seed}`;
}

function describeMap(sample: Sample): string {
  const { velocity, step, steps } = sample;
  const low = short(velocity.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
  const high = short(velocity.reduce((a, b) => Math.max(a, b), 0));
  const stage = step < steps && sample.origin !== "passing" ? `, after denoising step ${step} of ${steps}` : "";
  return `Velocity map, ${nameOf(sample)}${stage}: ${low} to ${high} metres a second`;
}

/** What the map says where the pointer is. */
function speedAt({ x, y }: Pointer, velocity: Float32Array | undefined, grid: Grid | null): string {
  if (!velocity || !grid) return "";
  const [row, column] = [nearest(y, grid.nz, grid.spacing), nearest(x, grid.nx, grid.spacing)];
  const speed = velocity[row * grid.nx + column] ?? 0;
  return `${column * grid.spacing} m, ${row * grid.spacing} m deep: ${speed.toFixed(0)} m/s`;
}

function colorBar(): { element: HTMLElement; axis(axis: Axis): void; paint(table: ColorTable): void } {
  const bar = h("canvas", { class: "bar", "aria-hidden": "true" });
  const numbers = h("div", { class: "axis axis-y" });
  return {
    element: h("div", { class: "color-bar" }, bar, numbers),
    axis: (axis) => numbers.replaceChildren(...labels(axis, "top")),
    paint: (table) => paintTable(bar, table),
  };
}

/** A round button with a picture: the frames that it moves by, or the play button. */
function round(testid: string, name: string, paths: string): HTMLButtonElement {
  const button = h("button", {
    type: "button",
    class: "round",
    "data-testid": testid,
    "aria-label": name,
    title: name,
  });
  button.insertAdjacentHTML(
    "beforeend",
    `<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">${paths}</svg>`,
  );
  return button;
}

function player(): HTMLElement {
  const play = round(
    "play",
    "Play the wavefield",
    '<path class="play" d="M6 4v12l10-6z"/><path class="pause" d="M6 4h3v12H6zm5 0h3v12h-3z"/>',
  );
  play.dataset.playing = "false";
  const back = round("frame-back", "One frame back", '<path d="M5 4h2.5v12H5zm11 0v12L8.5 10z"/>');
  const forward = round("frame-forward", "One frame forward", '<path d="M12.5 4H15v12h-2.5zM4 4l7.5 6L4 16z"/>');
  back.dataset.frames = "-1";
  forward.dataset.frames = "1";
  const scrub = h("input", {
    type: "range",
    "data-testid": "scrub",
    min: 0,
    max: 1,
    value: 0,
    "aria-label": "Time of the wavefield",
  });
  const rate = h("select", { "data-testid": "rate", "aria-label": "Speed of the wavefield", title: "Speed" });
  return h("div", { class: "player" }, back, play, forward, scrub, h("span", { class: "time" }, "0.00 s"), rate);
}
