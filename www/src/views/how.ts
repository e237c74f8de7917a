/** How it works: what the page is about, and the networks with their real sizes. */

import { h } from "../dom";
import { mapCanvas } from "../draw/map";
import { short } from "../draw/scale";
import { s } from "../figure/svg";
import type { Architecture, Grid } from "../manifest";
import type { Sample } from "../sample";
import { type State, shown } from "../state";
import { changing, type View } from "../store";
import { gatherView, type Kind } from "./gather";

export function createHow(dialog: HTMLDialogElement, open: HTMLElement): View {
  const flow = h("ol", { class: "flow", "data-testid": "flow" });
  const training = h("p", { class: "hint" });
  dialog.append(
    h("h2", {}, "How it works"),
    h(
      "p",
      {},
      "To see what lies under the ground, one fires a source at the surface and records the waves that come back. Finding the velocity map that explains the recordings is called full waveform inversion; it is slow, and often several maps explain the same data.",
    ),
    h(
      "p",
      {},
      "WaveDiffusion learns maps and recordings together. Two autoencoders write both into one latent with one codebook, and a diffusion model learns to draw such latents from noise. Each one decodes into a map and into its recordings. Nothing in the training mentions the wave equation; this page measures how nearly the two satisfy it all the same.",
    ),
    flow,
    training,
    h(
      "p",
      {},
      "Inversion goes the other way: an encoder reads recordings into the latent, and the decoder makes a map of it. After the paper ",
      h("a", { href: "https://arxiv.org/abs/2410.09002" }, "WaveDiffusion (arXiv 2410.09002)"),
      ".",
    ),
    h("form", { method: "dialog" }, h("button", {}, "Close")),
  );
  let now: State | null = null;
  open.addEventListener("click", () => {
    dialog.showModal();
    if (now) draw(now);
  });

  // What nobody looks at is not drawn.
  const draw = changing(
    (state) => [state.architecture, state.grid, shown(state)?.velocity, state.settings.colors],
    (state) => {
      const { architecture, grid } = state;
      if (!architecture || !grid) return;
      flow.replaceChildren(...stations(architecture, grid, state));
      const { maps, bytes } = architecture;
      training.textContent = `The weights take ${(bytes / 1e6).toFixed(1)} MB. The denoiser has seen ${maps.toLocaleString("en")} maps in training.`;
    },
  );
  return (state) => {
    now = state;
    if (dialog.open) draw(state);
  };
}

/** What the noise passes on its way to a verdict. */
function stations(sizes: Architecture, grid: Grid, state: State): HTMLElement[] {
  const { tokens, codes, codeWidth, codesPerToken, denoiser, families } = sizes;
  const [rows, columns] = tokens;
  const sample = shown(state);
  const steps = sample?.steps ?? state.settings.steps;
  return [
    station(
      shades(rows, columns, chance),
      "Noise",
      `${rows} x ${columns} tokens of ${codeWidth * codesPerToken} numbers`,
      "One for each patch of the ground; a seed fixes it.",
    ),
    station(
      shades(rows, columns, (row, column) => mixed(chance(row, column), row / rows, column / columns)),
      "Denoiser",
      `transformer, ${denoiser.depth} blocks of width ${denoiser.width}`,
      `Takes the noise out in ${steps} steps, for one of ${families} families of ground or any.`,
    ),
    station(
      shades(codesPerToken, codeWidth, chance),
      "Codebook",
      `${codes.toLocaleString("en")} codes of ${codeWidth} numbers, ${codesPerToken} to a token`,
      "Shared by maps and recordings: the latent snaps to it.",
    ),
    station(
      sample && mapCanvas(sample.velocity, grid, state.settings.colors),
      "Velocity decoder",
      `${grid.nz} x ${grid.nx} cells of ${grid.spacing} m`,
      "Reads the latent as a velocity map.",
    ),
    station(
      gatherPicture(state, "generated"),
      "Seismic decoder",
      `${grid.shots} shots, ${grid.receivers} receivers`,
      "Reads the same latent as recordings.",
    ),
    station(gatherPicture(state, "simulated"), "Wave equation", "finite differences, no network", verdictOf(sample)),
  ];
}

function station(picture: Element | null, name: string, sizes: string, does: string): HTMLElement {
  return h("li", {}, ...(picture ? [picture] : []), h("b", {}, name), h("span", { class: "sizes" }, sizes), does);
}

function verdictOf(sample: Sample | null): string {
  const found = sample?.verdict ? ` For the pair on screen: ${short(sample.verdict.deviation)}.` : "";
  return `Simulates the recordings that the map should have; the difference is the deviation.${found}`;
}

/** A shade that looks drawn by chance, and is the same every time. */
const chance = (row: number, column: number): number => (((9 * row + column) * 7919) % 97) / 97;

/** From chance, on the left, to order, on the right. */
const mixed = (noise: number, down: number, share: number): number => noise * (1 - share) + down * share;

/** A grid of grey cells. */
function shades(rows: number, columns: number, shade: (row: number, column: number) => number): SVGElement {
  const cells = Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const opacity = (0.12 + 0.7 * shade(row, column)).toFixed(2);
    return s("rect", { x: column, y: row, width: 0.92, height: 0.92, fill: "currentColor", "fill-opacity": opacity });
  });
  return s("svg", { viewBox: `0 0 ${columns} ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...cells);
}

function gatherPicture(state: State, kind: Kind): HTMLCanvasElement | null {
  const view = gatherView(state);
  const picture = view?.pictures[kind];
  if (!view || !picture) return null;
  const canvas = h("canvas", { "aria-hidden": "true" });
  view.paint(canvas, picture, "currentcolor");
  return canvas;
}
