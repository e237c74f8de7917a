/** What a stroke makes of a map: a brush paints a body, a line starts a layer, a fault shifts what lies right of it. */

/** (nz, nx) cells, row-major. */
export interface Cells {
  nz: number;
  nx: number;
}

/** A place in cells down and across; whole numbers are the middles of cells. */
export interface Place {
  z: number;
  x: number;
}

export const TOOLS = ["brush", "layer", "fault"] as const;
export type Tool = (typeof TOOLS)[number];

/** The settings of the tools. */
export interface Pencil {
  tool: Tool;
  /** What the brush and the layer paint, m/s. */
  speed: number;
  /** Of the brush, metres. */
  radius: number;
  /** How far the fault shifts what lies right of it, downwards along itself, metres. */
  throw: number;
}

export const PENCIL: Pencil = { tool: "brush", speed: 3000, radius: 80, throw: 100 };

/** The map after a stroke through `places`; the map that was given stays as it is. */
export function stroke(
  map: Float32Array,
  cells: Cells & { spacing: number },
  places: readonly Place[],
  { tool, speed, radius, throw: slip }: Pencil,
): Float32Array {
  const [first, last] = [places[0], places.at(-1)];
  if (!first || !last) return map;
  switch (tool) {
    case "brush":
      return brush(map, cells, places, radius / cells.spacing, speed);
    case "layer":
      return layer(map, cells, places, speed);
    case "fault":
      return fault(map, cells, first, last, slip / cells.spacing);
  }
}

/** Gives `value` to the cells whose middles lie within `radius` cells of the line through `places`. */
export function brush(
  map: Float32Array,
  { nz, nx }: Cells,
  places: readonly Place[],
  radius: number,
  value: number,
): Float32Array {
  const painted = map.slice();
  places.forEach((to, i) => {
    const from = places[i - 1] ?? to;
    const [top, bottom] = span(from.z, to.z, radius, nz);
    const [left, right] = span(from.x, to.x, radius, nx);
    for (let z = top; z <= bottom; z++) {
      for (let x = left; x <= right; x++) {
        if (squareDistance({ z, x }, from, to) <= radius * radius) painted[z * nx + x] = value;
      }
    }
  });
  return painted;
}

/** First and last index within `margin` of a stretch of an axis of `count` cells. */
const span = (a: number, b: number, margin: number, count: number): [number, number] => [
  Math.max(0, Math.ceil(Math.min(a, b) - margin)),
  Math.min(count - 1, Math.floor(Math.max(a, b) + margin)),
];

/** Squared distance of a place from the line between two others. */
function squareDistance({ z, x }: Place, from: Place, to: Place): number {
  const [dz, dx] = [to.z - from.z, to.x - from.x];
  const length = dz * dz + dx * dx;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((z - from.z) * dz + (x - from.x) * dx) / length));
  return (z - from.z - along * dz) ** 2 + (x - from.x - along * dx) ** 2;
}

/** Gives `value` to everything from the line through `places` down; left and right of it, the line goes on level. */
export function layer(map: Float32Array, { nz, nx }: Cells, places: readonly Place[], value: number): Float32Array {
  const depths = depthsOf(places, nx);
  const painted = map.slice();
  for (let z = 0; z < nz; z++) {
    for (let x = 0; x < nx; x++) if (z >= (depths[x] ?? nz)) painted[z * nx + x] = value;
  }
  return painted;
}

/** Depth of a line at each column. Where it doubles back, what was drawn last counts. */
function depthsOf(places: readonly Place[], nx: number): number[] {
  const depths = new Array<number>(nx);
  places.forEach((to, i) => {
    const from = places[i - 1] ?? to;
    const steps = Math.max(1, Math.ceil(Math.abs(to.x - from.x)));
    for (let step = 0; step <= steps; step++) {
      const x = Math.round(from.x + ((to.x - from.x) * step) / steps);
      if (x >= 0 && x < nx) depths[x] = from.z + ((to.z - from.z) * step) / steps;
    }
  });
  const drawn = Object.keys(depths).map(Number);
  const [left, right] = [drawn[0] ?? 0, drawn.at(-1) ?? -1];
  const outside = places.at(-1)?.z ?? Number.POSITIVE_INFINITY;
  return Array.from(depths, (depth, x) => depth ?? depths[x < left ? left : right] ?? outside);
}

/**
 * Shifts what lies right of the line through two places by `slip` cells along the line, downwards where positive. What
 * comes in at the rim is the rim's own value. A line from a place to itself is vertical.
 */
export function fault(map: Float32Array, { nz, nx }: Cells, from: Place, to: Place, slip: number): Float32Array {
  const down = downwards(from, to);
  const back = { z: -Math.sign(slip) * down.z, x: -Math.sign(slip) * down.x };
  const moved = map.slice();
  for (let z = 0; z < nz; z++) {
    for (let x = 0; x < nx; x++) {
      if ((x - from.x) * down.z - (z - from.z) * down.x <= 0) continue;
      const distance = Math.min(Math.abs(slip), room(z, back.z, nz), room(x, back.x, nx));
      const source = Math.round(z + distance * back.z) * nx + Math.round(x + distance * back.x);
      moved[z * nx + x] = map[source] ?? 0;
    }
  }
  return moved;
}

/** Unit vector along a line, pointing down. */
function downwards(from: Place, to: Place): Place {
  const [dz, dx] = [to.z - from.z, to.x - from.x];
  const length = Math.hypot(dz, dx);
  if (length === 0) return { z: 1, x: 0 };
  const sign = dz < 0 || (dz === 0 && dx < 0) ? -1 : 1;
  return { z: (sign * dz) / length, x: (sign * dx) / length };
}

/** How far one can go from a cell, in a direction's component, before the axis of `count` cells ends. */
function room(at: number, direction: number, count: number): number {
  if (direction === 0) return Number.POSITIVE_INFINITY;
  return (direction > 0 ? count - 1 - at : at) / Math.abs(direction);
}

/** Level layers of the same thickness, each faster than the one above: `speeds` in equal steps. */
export function levelLayers({ nz, nx }: Cells, [slow, fast]: readonly [number, number], count: number): Float32Array {
  return Float32Array.from({ length: nz * nx }, (_, i) => {
    const index = Math.floor((Math.floor(i / nx) * count) / nz);
    return slow + ((fast - slow) * (index + 0.5)) / count;
  });
}
