/** The tools of the drawing, in the form, and the easel over the velocity map. */

import { find, h } from "../dom";
import { palette } from "../draw/colormap";
import { paint } from "../draw/raster";
import { simulatedOf, unanswered } from "../drawing/drawing";
import { createEasel } from "../drawing/easel";
import { type Pencil, stroke, TOOLS, type Tool } from "../drawing/tools";
import type { Grid } from "../manifest";
import type { State } from "../state";
import { type View, watching } from "../store";
import { LIMITS } from "../url";
import type { Commands } from "./commands";

const NAMES: Record<Tool, string> = { brush: "Brush", layer: "Layer", fault: "Fault" };

const HINTS: Record<Tool, string> = {
  brush: "Paint a body of this velocity on the map.",
  layer: "Draw a line, or click a depth: everything below gets this velocity.",
  fault: "Draw a line: the rock on its right slides along it, down for a positive throw.",
};

/** Which tools a slider is for. */
const SLIDERS = {
  speed: { name: "Velocity", unit: "m/s", step: 50, of: ["brush", "layer"] },
  radius: { name: "Radius", unit: "m", step: 5, of: ["brush"] },
  throw: { name: "Throw", unit: "m", step: 10, of: ["fault"] },
} as const satisfies Record<string, { name: string; unit: string; step: number; of: readonly Tool[] }>;

type Slider = keyof typeof SLIDERS;
const SLIDER_KEYS = Object.keys(SLIDERS) as Slider[];

export function createDrawing(root: HTMLElement, ground: HTMLElement, commands: Commands): View[] {
  const sliders = { speed: slider("speed"), radius: slider("radius"), throw: slider("throw") };
  const swatch = h("canvas", { class: "swatch", "aria-hidden": "true" });
  find("span", sliders.speed.element).prepend(swatch);
  const button = (name: string, testid: string, run: () => void, title = "") => {
    const made = h("button", { type: "button", "data-testid": testid, title }, name);
    made.addEventListener("click", run);
    return made;
  };
  const undo = button("Undo", "undo", () => commands.draw({ type: "undo" }), "Ctrl Z");
  const redo = button("Redo", "redo", () => commands.draw({ type: "redo" }), "Ctrl Shift Z");
  const reset = button("Reset", "reset", () => commands.draw({ type: "reset" }), "Back to the map that you began with");
  const file = h("input", { type: "file", accept: ".npy", hidden: true, "data-testid": "velocity-file" });
  const own = button(
    ".npy file",
    "own-map",
    () => file.click(),
    "A velocity map of yours; it can be dropped on the map too",
  );
  root.append(
    tools(commands),
    ...SLIDER_KEYS.map((key) => sliders[key].element),
    h("span", { class: "buttons" }, undo, redo, reset),
    h(
      "span",
      { class: "buttons" },
      "Start from ",
      button("the generated pair", "from-pair", commands.drawPair),
      button("level layers", "from-layers", commands.drawLayers),
      own,
      file,
    ),
  );
  for (const key of SLIDER_KEYS) {
    const { input } = sliders[key];
    input.addEventListener("input", () => commands.set({ [key]: input.valueAsNumber }));
  }
  file.addEventListener("change", () => {
    const [first] = file.files ?? [];
    if (first) void commands.giveMap(first);
    file.value = "";
  });

  let now: State | null = null;
  const easel = createEasel({
    stroke(places) {
      if (!now?.drawing || !now.grid) return;
      const velocity = places && stroke(now.drawing.map, now.grid, places, now.settings);
      commands.draw({ type: "stroke", velocity });
    },
    keep: () => commands.draw({ type: "keep" }),
    cross({ z, x }) {
      const spacing = now?.grid?.spacing ?? 0;
      commands.point({ axis: "depth", x: x * spacing, y: z * spacing });
      spoken.textContent = `${x * spacing} metres across, ${z * spacing} metres deep`;
    },
    needsTwoEnds: () => now?.settings.tool === "fault",
  });
  const spoken = h("span", { class: "unseen", role: "status" });
  find(".box", ground).append(easel.element, spoken);
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || now?.settings.mode !== "draw") return;
    event.preventDefault();
    commands.draw({ type: event.shiftKey ? "redo" : "undo" });
  });

  return [
    (state) => {
      now = state;
    },
    watching(
      (state) => [state.settings.mode === "draw", state.grid],
      (drawing, grid) => {
        easel.element.hidden = !drawing;
        easel.grid(grid);
      },
    ),
    watching(
      (state) => [state.settings, state.grid],
      (settings, grid) => {
        show(settings, grid);
        easel.tip(settings.tool === "brush" && grid ? settings.radius / grid.spacing : null);
        easel.element.title = HINTS[settings.tool];
        if (!grid) return;
        const { velocity } = palette(settings.colors);
        paint(swatch, Float32Array.of(settings.speed), { rows: 1, columns: 1 }, grid.speeds, velocity);
      },
    ),
    watching(
      ({ drawing, sample, engine }) => [drawing, sample, engine],
      (drawing, sample, engine) => {
        undo.disabled = !drawing?.past.length;
        redo.disabled = !drawing?.future.length;
        reset.disabled = !drawing || drawing.map === drawing.start;
        find<HTMLButtonElement>("[data-testid=from-pair]", root).disabled = sample === null;
        own.disabled = engine === null;
      },
    ),
  ];

  function show(settings: Pencil, grid: Grid | null): void {
    find<HTMLInputElement>(`[value=${settings.tool}]`, root).checked = true;
    for (const key of SLIDER_KEYS) {
      const { element, input, output } = sliders[key];
      const [least, most] = (key === "speed" && grid?.speeds) || LIMITS[key];
      const applies: readonly Tool[] = SLIDERS[key].of;
      element.hidden = !applies.includes(settings.tool);
      input.min = String(least);
      input.max = String(most);
      input.value = String(settings[key]);
      output.textContent = `${settings[key]} ${SLIDERS[key].unit}`;
    }
  }
}

/** Dims the verdict while it is not of the map on screen, and tells what is under way. */
export function createAnswered(main: HTMLElement): View {
  return watching(
    ({ settings, drawing }) => [settings.mode === "draw" && drawing !== null && unanswered(drawing)],
    (waiting) => {
      main.classList.toggle("unanswered", waiting);
    },
  );
}

/** Whether what is drawn can be inverted: its gathers are there. */
export const canInvertDrawing = ({ drawing }: State): boolean => drawing !== null && simulatedOf(drawing) !== null;

/** What the status line says of the drawing. */
export function drawingText({ drawing, engine }: State): string {
  if (!drawing || !engine) return "";
  if (!unanswered(drawing)) return "Simulated and predicted";
  if (drawing.failed === drawing.sample.velocity) return "This map cannot be simulated";
  return drawing.asked === drawing.sample.velocity ? "Simulating waves through what was drawn" : "Drawing";
}

function tools(commands: Commands): HTMLElement {
  const options = TOOLS.map((tool) => {
    const input = h("input", { type: "radio", name: "tool", value: tool, "data-testid": `tool-${tool}` });
    input.addEventListener("change", () => commands.set({ tool }));
    return h("label", { title: HINTS[tool] }, input, h("span", {}, NAMES[tool]));
  });
  return h("fieldset", { class: "shots tools" }, h("legend", {}, "Tool"), ...options);
}

function slider(key: Slider): { element: HTMLElement; input: HTMLInputElement; output: HTMLElement } {
  const { name, step } = SLIDERS[key];
  const output = h("output");
  const input = h("input", { type: "range", step, "data-testid": key });
  return { element: h("label", { class: "field slider" }, h("span", {}, name, output), input), input, output };
}
