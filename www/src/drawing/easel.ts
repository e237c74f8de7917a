/** What one paints on: a transparent layer over the velocity map that turns pointer and keys into strokes. */

import { h } from "../dom";
import type { Grid } from "../manifest";
import type { Place } from "./tools";

export interface EaselHears {
  /** The stroke under way goes through these places; null calls it off. */
  stroke(places: readonly Place[] | null): void;
  /** The stroke is whole. */
  keep(): void;
  /** Where the keyboard's cross is. */
  cross(place: Place): void;
  /** Whether a stroke is drawn from one end to another. */
  needsTwoEnds(): boolean;
}

export interface Easel {
  element: HTMLElement;
  /** The grid that is painted on; null paints nothing. */
  grid(grid: Grid | null): void;
  /** Shows what the tool would cover at the cross: its radius in cells, or none. */
  tip(radius: number | null): void;
}

/** Cells that an arrow key moves the cross by, alone and with shift. */
const STEPS = [1, 10] as const;

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export function createEasel(hears: EaselHears): Easel {
  const tip = h("span", { class: "tip", "aria-hidden": "true", hidden: true });
  const element = h(
    "div",
    {
      class: "easel",
      tabindex: 0,
      role: "application",
      "data-testid": "easel",
      "aria-label":
        "Velocity map to paint on. Arrow keys move the cross, with shift faster; enter paints; a fault takes enter at both ends; escape calls off.",
    },
    tip,
  );
  let cells = { nz: 0, nx: 0 };
  let radius: number | null = null;
  let places: Place[] | null = null;
  let cross: Place | null = null;

  const placeOf = ({ clientX, clientY }: PointerEvent): Place => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return {
      z: ((clientY - top) / height) * cells.nz - 0.5,
      x: ((clientX - left) / width) * cells.nx - 0.5,
    };
  };
  const showTip = (place: Place | null) => {
    tip.hidden = place === null || radius === null;
    if (!place || radius === null) return;
    tip.style.left = `${(100 * (place.x + 0.5)) / cells.nx}%`;
    tip.style.top = `${(100 * (place.z + 0.5)) / cells.nz}%`;
    tip.style.width = `${(200 * radius) / cells.nx}%`;
    tip.style.height = `${(200 * radius) / cells.nz}%`;
  };
  const callOff = () => {
    if (places) hears.stroke(null);
    places = null;
  };
  const finish = () => {
    if (places) hears.keep();
    places = null;
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary || cells.nz === 0) return;
    element.setPointerCapture(event.pointerId);
    places = [placeOf(event)];
    hears.stroke(places);
  });
  element.addEventListener("pointermove", (event) => {
    if (!event.isPrimary) return;
    showTip(placeOf(event));
    if (!places || !element.hasPointerCapture(event.pointerId)) return;
    // A fast hand leaves more places than frames.
    const moves = event.getCoalescedEvents?.() ?? [];
    places.push(...(moves.length > 0 ? moves : [event]).map(placeOf));
    hears.stroke(places);
  });
  element.addEventListener("pointerup", finish);
  element.addEventListener("pointercancel", callOff);
  element.addEventListener("pointerleave", () => showTip(null));
  element.addEventListener("blur", () => {
    callOff();
    showTip(null);
  });

  element.addEventListener("keydown", (event) => {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || cells.nz === 0) return;
    cross ??= { z: Math.floor(cells.nz / 2), x: Math.floor(cells.nx / 2) };
    const arrow = ARROWS[key];
    if (arrow) {
      const step = STEPS[shiftKey ? 1 : 0];
      cross = {
        z: Math.min(cells.nz - 1, Math.max(0, cross.z + step * arrow[0])),
        x: Math.min(cells.nx - 1, Math.max(0, cross.x + step * arrow[1])),
      };
      hears.cross(cross);
      if (places?.[0]) hears.stroke([places[0], cross]);
    } else if (key === "Enter" || key === " ") {
      if (places) finish();
      else {
        places = [cross];
        hears.stroke(places);
        if (!hears.needsTwoEnds()) finish();
      }
    } else if (key === "Escape" && places) callOff();
    else return;
    showTip(cross);
    event.preventDefault();
    // The page's own keys mean something else.
    event.stopPropagation();
  });

  return {
    element,
    grid: (grid) => {
      cells = grid ?? { nz: 0, nx: 0 };
    },
    tip: (cellsAround) => {
      radius = cellsAround;
    },
  };
}
