/** A picture with axes, a title and perhaps a colour bar, as part of an SVG figure. */

import type { Axis } from "../draw/plot";
import { percent, short, ticks } from "../draw/scale";
import { s } from "./svg";

/** Where a panel lies in the figure. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const INK = "#1b2230";
const TICK = 5;
export const TEXT = 13;

/** A canvas stretched over a box, framed, with axes along its left and lower sides. */
export function panel(canvas: HTMLCanvasElement, box: Box, title: string, x: Axis, y: Axis | null): SVGElement {
  const { left, top, width, height } = box;
  const below = top + height;
  const across = (value: number) => left + (percent(value, x.extent) / 100) * width;
  const marksX = ticks(...x.extent, x.ticks).flatMap((value) => [
    line(across(value), below, across(value), below + TICK),
    label(short(value), across(value), below + TICK + TEXT, "middle"),
  ]);
  const image = s("image", {
    x: left,
    y: top,
    width,
    height,
    href: canvas.toDataURL("image/png"),
    preserveAspectRatio: "none",
    "image-rendering": "pixelated",
  });
  return s(
    "g",
    {},
    image,
    frame(box),
    label(title, left + width / 2, top - 8, "middle", "bold"),
    ...marksX,
    label(x.name, left + width / 2, below + 2 * TEXT + TICK + 4, "middle"),
    ...(y ? axisY(y, box, "left") : []),
  );
}

/** A bar of colours with its values beside it. */
export function colorBar(canvas: HTMLCanvasElement, box: Box, axis: Axis): SVGElement {
  const { left, top, width, height } = box;
  const image = s("image", {
    x: left,
    y: top,
    width,
    height,
    href: canvas.toDataURL("image/png"),
    preserveAspectRatio: "none",
  });
  return s("g", {}, image, frame(box), ...axisY(axis, box, "right"));
}

/** Ticks, labels and name of a vertical axis, on one side of a box. */
function axisY({ name, extent, ticks: count }: Axis, { left, top, width, height }: Box, side: "left" | "right") {
  const sign = side === "left" ? -1 : 1;
  const edge = side === "left" ? left : left + width;
  const marks = ticks(...extent, count).flatMap((value) => {
    const y = top + (percent(value, extent) / 100) * height;
    return [
      line(edge, y, edge + sign * TICK, y),
      label(short(value), edge + sign * (TICK + 4), y + TEXT / 3, side === "left" ? "end" : "start"),
    ];
  });
  const [x, y] = [edge + sign * 48, top + height / 2];
  const text = label(name, x, y, "middle");
  text.setAttribute("transform", `rotate(-90 ${x} ${y})`);
  return [...marks, text];
}

const frame = ({ left, top, width, height }: Box) =>
  s("rect", { x: left, y: top, width, height, fill: "none", stroke: INK });

const line = (x1: number, y1: number, x2: number, y2: number) => s("line", { x1, y1, x2, y2, stroke: INK });

/** A line of text. */
export function label(text: string, x: number, y: number, anchor: "start" | "middle" | "end", weight = "normal") {
  const style = { "text-anchor": anchor, "font-size": TEXT, "font-weight": weight, fill: INK };
  return s("text", { x, y, ...style }, text);
}
