/** A picture with a title and axes: the canvas holds the data only, everything else is text that the style sheet places. */

import { h } from "../dom";
import { percent, short, ticks } from "./scale";

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
}

export function createPlot({ testid, title, by, note }: PlotOptions): Plot {
  const canvas = h("canvas", { "data-testid": testid, role: "img", "aria-label": `${title}: nothing yet` });
  const box = h("div", { class: "box" }, canvas);
  const axisX = h("div", { class: "axis axis-x", "aria-hidden": "true" });
  const axisY = h("div", { class: "axis axis-y", "aria-hidden": "true" });
  const aside = h("span", {}, note ?? "");
  const heading = h("b", {});
  const setTitle = (text: string, maker?: PlotOptions["by"]) => {
    heading.textContent = text;
    heading.className = maker ? `by-${maker}` : "";
  };
  setTitle(title, by);
  const caption = h("figcaption", {}, heading, aside);
  return {
    element: h("figure", { class: "plot" }, caption, axisY, box, axisX),
    canvas,
    box,
    axes(x, y) {
      axisX.replaceChildren(...labels(x, "left"));
      axisY.replaceChildren(...labels(y, "top"));
    },
    title: setTitle,
    note: (text) => {
      aside.textContent = text;
    },
    describe: (text) => canvas.setAttribute("aria-label", text),
  };
}

/** Tick labels placed along an axis, and its name. */
export function labels({ name, extent, ticks: count }: Axis, side: "left" | "top"): HTMLElement[] {
  const marks = ticks(...extent, count).map((value) =>
    h("span", { class: "tick", style: `${side}: ${percent(value, extent)}%` }, short(value)),
  );
  return [...marks, h("span", { class: "name" }, name)];
}
