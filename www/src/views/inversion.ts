/** Gathers in, velocity maps out: what is given, the maps that may have given it, their mean and spread. */

import { h } from "../dom";
import type { Colors } from "../draw/colormap";
import { mapCanvas } from "../draw/map";
import { short } from "../draw/scale";
import { type Inverted, type InvertedMap, onTheWay } from "../inversion";
import type { Grid } from "../manifest";
import { DRAWN, DRAWN_NAME, isOwn, PREPARED } from "../settings";
import type { State } from "../state";
import { type View, watching } from "../store";
import type { Commands } from "./commands";

/** Standard deviations that the colours span, m/s. */
const SPREADS = [0, 500] as const;

export function createInversion(root: HTMLElement, commands: Commands): View[] {
  const chosen = h("select", { "data-testid": "data", "aria-label": "Gathers to invert" });
  const file = h("input", { type: "file", accept: ".npy", hidden: true, "data-testid": "gathers-file" });
  const pick = h("button", { type: "button" }, "your own .npy");
  const drop = h("p", { class: "drop", "data-testid": "drop-gathers" }, "or drop ", pick, " here", file);
  const hint = h("p", { class: "hint" });
  const maps = h("ul", { class: "inverted-maps", "aria-label": "Velocity maps" });
  const error = h("p", { class: "hint", "data-testid": "invert-mae" });
  root.append(
    h("h2", {}, "Seismic data in, velocity maps out"),
    h("div", { class: "given" }, h("label", {}, "Data of a held-out map ", chosen), drop),
    hint,
    maps,
    error,
  );

  chosen.addEventListener("change", () => commands.set({ data: chosen.value }));
  pick.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    const [first] = file.files ?? [];
    if (first) void commands.give(first);
    file.value = "";
  });
  return [
    watching(
      (state) => [state.settings.data, state.inverted?.given ?? null, state.drawing !== null],
      (data, given, drawn) => {
        const option = (value: string, name: string) => h("option", { value }, name);
        const own = given && isOwn(given.data) ? given : null;
        chosen.replaceChildren(
          ...PREPARED.map((name) => option(name, name)),
          ...(drawn || data === DRAWN ? [option(DRAWN, DRAWN_NAME)] : []),
          ...(own ? [option(own.data, own.name)] : []),
          ...(isOwn(data) && own?.data !== data ? [option(data, "a file that is not here")] : []),
        );
        chosen.value = data;
      },
    ),
    watching(
      (state) => [state.phase === "running" || state.engine === null],
      (busy) => {
        pick.disabled = chosen.disabled = busy;
      },
    ),
    watching(
      ({ inverted, grid, settings }) => [inverted?.given, inverted?.maps, inverted?.result, grid, settings.colors],
      (given, done, result, grid, colors) => {
        const there = given && done && grid;
        maps.replaceChildren(
          ...(there ? tiles({ given, maps: done, result: result ?? null }, grid, colors, commands) : []),
        );
      },
    ),
    watching(
      ({ inverted, grid, settings }) => [inverted, grid, settings.colors],
      (inverted, _grid, _colors) => {
        const chosen = inverted?.result ? inverted.chosen : null;
        maps.querySelectorAll("button").forEach((button, index) => {
          button.ariaPressed = String(index === chosen);
        });
      },
    ),
    watching(
      (state) => [hintFor(state)],
      (text) => {
        hint.textContent = text;
      },
    ),
    watching(
      (state) => [state.inverted],
      (inverted) => {
        const map = inverted?.maps[inverted.chosen];
        error.hidden = !inverted?.result || !map;
        if (!map) return;
        if (map.error === null) delete error.dataset.value;
        else error.dataset.value = String(map.error);
        const wrong = map.error === null ? "" : ` and its map by ${map.error.toFixed(0)} m/s on average from the truth`;
        error.textContent = `Below: the chosen map. Its simulated data differ by ${short(map.misfit)} from those given${wrong}.`;
      },
    ),
  ];
}

/** Whether the data to invert are there: the address may name a file that is not. */
export const dataThere = ({ settings, inverted }: State): boolean =>
  !isOwn(settings.data) || inverted?.given.data === settings.data;

function hintFor(state: State): string {
  const { inverted, settings } = state;
  if (inverted && inverted.maps.length > 0)
    return "The first map decodes the latent that the encoder reads in the data. Rounds of refinement move it down the gradient that the adjoint wave field gives, to where the wave equation makes more of the data; samples come back from noise near the last of these, and show what the data leave open.";
  if (inverted && isOwn(settings.data) && dataThere(state)) return `${inverted.given.name} is ready: press Invert.`;
  const shape = state.engine?.shape;
  const sizes = shape ? [shape.shots, shape.samples, shape.receivers].join(", ") : "shots, samples, receivers";
  return `Shot gathers of OpenFWI's survey, shape (${sizes}) or (N, ${sizes}), first of N. Invert turns them into several velocity maps, and simulates each to compare.`;
}

/** What a map is called, `between` others being on the way to the one that samples are around. */
function mapName({ origin }: InvertedMap, index: number, between: number): string {
  if (origin === "encoded") return "as encoded";
  return origin === "refined" ? `refined ${index}` : `sample ${index - between}`;
}

function tiles(
  { given, maps, result }: Pick<Inverted, "given" | "maps" | "result">,
  grid: Grid,
  colors: Colors,
  commands: Commands,
): HTMLElement[] {
  const still = (canvas: HTMLCanvasElement, name: string, note: string) =>
    h("li", {}, h("figure", {}, canvas, h("figcaption", {}, h("b", {}, name), h("span", {}, note))));
  const between = onTheWay(maps);
  const mapTile = (map: InvertedMap, index: number) => {
    const error = map.error === null ? "" : ` · ${map.error.toFixed(0)} m/s off`;
    const button = h(
      "button",
      { type: "button", "data-testid": "inverted-map", "aria-pressed": "false" },
      mapCanvas(map.velocity, grid, colors),
      h("b", {}, mapName(map, index, between)),
      h("span", {}, `misfit ${short(map.misfit)}${error}`),
    );
    button.disabled = result === null;
    button.addEventListener("click", () => commands.choose(index));
    return h("li", {}, button);
  };
  return [
    ...(given.truth ? [still(mapCanvas(given.truth, grid, colors), "truth", given.name)] : []),
    ...maps.map(mapTile),
    ...(result && maps.length - between > 1
      ? [
          still(mapCanvas(result.mean, grid, colors), "mean", `of ${maps.length - between} maps`),
          still(mapCanvas(result.spread, grid, colors, SPREADS), "spread", `0 to ${SPREADS[1]} m/s`),
        ]
      : []),
  ];
}
