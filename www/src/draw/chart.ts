/** What the charts have in common. */

import type uPlot from "uplot";
import { colorOf } from "../dom";

export const sizeOf = (place: HTMLElement) => ({ width: place.clientWidth, height: place.clientHeight });

/** Keeps a chart, once there is one, as large as its place. */
export function fill(place: HTMLElement, chart: () => uPlot | null): void {
  new ResizeObserver(() => {
    const [now, size] = [chart(), sizeOf(place)];
    // It is told of the first size, too, which the chart was made with.
    if (now && (now.width !== size.width || now.height !== size.height)) now.setSize(size);
  }).observe(place);
}

export const fontOf = (place: HTMLElement) => `11px ${getComputedStyle(place).fontFamily}`;

/** Where the pointer is in the chart's own pixels: the style sheet draws the page larger on large projectors. */
export function unzoomed({ over }: uPlot, left: number, top: number): [number, number] {
  // Outside, as it is before it has ever been there.
  if (left < 0) return [left, top];
  const zoom = over.getBoundingClientRect().width / over.clientWidth || 1;
  return [left / zoom, top / zoom];
}

/** An axis in the page's colours. */
export function axisStyle(place: HTMLElement): uPlot.Axis {
  const [font, lines] = [fontOf(place), colorOf("--line")];
  return {
    font,
    labelFont: font,
    stroke: colorOf("--ink-soft"),
    grid: { stroke: lines, width: 1 },
    ticks: { stroke: lines, width: 1, size: 4 },
    labelSize: 16,
    labelGap: 0,
  };
}

export interface Rule {
  scale: "x" | "y";
  value: number;
  name: string;
  color: string;
}

/** A dashed line across the chart at a value of one of its scales, with its name. */
export function drawRule(chart: uPlot, { scale, value, name, color }: Rule, font: string): void {
  const { ctx, bbox } = chart;
  const at = chart.valToPos(value, scale, true);
  const gap = 4 * devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([gap, gap]);
  ctx.beginPath();
  if (scale === "y") {
    ctx.moveTo(bbox.left, at);
    ctx.lineTo(bbox.left + bbox.width, at);
  } else {
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.font = font.replace("11px", `${11 * devicePixelRatio}px`);
  ctx.textAlign = scale === "y" ? "right" : "left";
  ctx.textBaseline = scale === "y" ? "bottom" : "top";
  if (scale === "y") ctx.fillText(name, bbox.left + bbox.width - gap, at - gap / 2);
  else ctx.fillText(name, at + gap, bbox.top);
  ctx.restore();
}
