/** A picture with a title and axes: the canvas holds the data only, everything else is text that the style sheet places. */

import { h } from "../dom";
import { percent, short, ticks } from "./scale";

/** Called with a place in the axes' units, or null once the pointer has left. */
export type OnPoint = (place: { x: number; y: number } | null) => void;

export interface Axis {
  name: string;
  extent: readonly [number, number];
  /** About how many ticks. */
  ticks: number;
}

export interface PlotOptions {
  testid: string;
  title: string;
  /** What made the picture: the model or the simulator. */
  by?: "model" | "physics";
  note?: string;
  /** Hears what the pointer is over. */
  onPoint?: OnPoint;
}

export interface Plot {
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  /** Holds the canvas and whatever is laid over it. */
  box: HTMLElement;
  axes(x: Axis, y: Axis): void;
  /** Another title. */
  title(text: string, by?: PlotOptions["by"]): void;
  /** Says something beside the title. */
  note(text: string): void;
  /** What a screen reader says of the picture. */
  describe(text: string): void;
  /** Marks a place in the axes' units, and tells what is there. */
  mark(place: { x: number; y: number | null } | null, text: string): void;
}

export function createPlot({ testid, title, by, note, onPoint }: PlotOptions): Plot {
  const canvas = h("canvas", { "data-testid": testid, role: "img", "aria-label": `${title}: nothing yet` });
  const across = h("span", { class: "mark across", "aria-hidden": "true", hidden: true });
  const down = h("span", { class: "mark down", "aria-hidden": "true", hidden: true });
  const readout = h("span", { class: "readout", "data-testid": `${testid}-readout`, hidden: true });
  const box = h("div", { class: "box" }, canvas, across, down, readout);
  const axisX = h("div", { class: "axis axis-x", "aria-hidden": "true" });
  const axisY = h("div", { class: "axis axis-y", "aria-hidden": "true" });
  const aside = h("span", {}, note ?? "");
  const heading = h("b", {});
  const setTitle = (text: string, maker?: PlotOptions["by"]) => {
    heading.textContent = text;
    heading.className = maker ? `by-${maker}` : "";
  };
  setTitle(title, by);
  let extents: [Axis["extent"], Axis["extent"]] = [
    [0, 1],
    [0, 1],
  ];
  if (onPoint) listen(box, () => extents, onPoint);
  const caption = h("figcaption", {}, heading, aside);
  return {
    element: h("figure", { class: "plot" }, caption, axisY, box, axisX),
    canvas,
    box,
    axes(x, y) {
      extents = [x.extent, y.extent];
      axisX.replaceChildren(...labels(x, "left"));
      axisY.replaceChildren(...labels(y, "top"));
    },
    title: setTitle,
    note: (text) => {
      aside.textContent = text;
    },
    describe: (text) => canvas.setAttribute("aria-label", text),
    mark(place, text) {
      const [x, y] = extents;
      down.hidden = place === null;
      across.hidden = place === null || place.y === null;
      readout.hidden = text === "";
      readout.textContent = text;
      if (place) down.style.left = `${percent(place.x, x)}%`;
      if (place && place.y !== null) across.style.top = `${percent(place.y, y)}%`;
    },
  };
}

/** Tells where on the box the pointer is, until it leaves. */
function listen(box: HTMLElement, extents: () => [Axis["extent"], Axis["extent"]], onPoint: OnPoint): void {
  box.addEventListener("pointermove", ({ clientX, clientY }) => {
    const { left, top, width, height } = box.getBoundingClientRect();
    const at = (share: number, [low, high]: Axis["extent"]) => low + share * (high - low);
    const [x, y] = extents();
    onPoint({ x: at((clientX - left) / width, x), y: at((clientY - top) / height, y) });
  });
  for (const end of ["pointerleave", "pointercancel"]) box.addEventListener(end, () => onPoint(null));
}

/** Tick labels placed along an axis, and its name. */
export function labels({ name, extent, ticks: count }: Axis, side: "left" | "top"): HTMLElement[] {
  const marks = ticks(...extent, count).map((value) =>
    h("span", { class: "tick", style: `${side}: ${percent(value, extent)}%` }, short(value)),
  );
  return [...marks, h("span", { class: "name" }, name)];
}
