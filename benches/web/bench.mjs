// The engine in headless Chromium, against the clock: node benches/web/bench.mjs [--backend flex|webgpu] [--repeat N] [--steps K] [--watched]

import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { median } from "./median.mjs";
import { inBrowser } from "./worker.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const { values: options } = parseArgs({
  options: {
    backend: { type: "string", default: "flex" },
    repeat: { type: "string", default: "7" },
    steps: { type: "string", default: "20" },
    watched: { type: "boolean", default: false },
  },
});
const { backend, watched } = options;
const [repeat, steps] = [Number(options.repeat), Number(options.steps)];

/** Cells that the simulation of a pair sweeps: every padded cell, shot and time step. */
function sweptCells({ nz, nx, shots, samples }) {
  const { sponge } = JSON.parse(readFileSync(`${ROOT}www/public/weights/manifest.json`, "utf8")).survey;
  return (nz + 2 * sponge) * (nx + 2 * sponge) * shots * samples;
}

const { load, first, warm, adapter, shape } = await inBrowser("benches/web/", "worker.js", { backend, steps, repeat, watched });
const row = (cells) => console.log(`| ${cells.join(" | ")} |`);
const shown = watched ? "each step decoded and shown" : "the last step decoded";
console.log(`${backend} (${adapter}), ${cpus()[0].model}, ${steps} steps, ${shown}, ${repeat} pairs after the first`);
console.log(`load: ${load.toFixed(0)} ms\n`);
row(["stage", "first, ms", "median, ms", "least, ms", "most, ms"]);
row(["---", "---", "---", "---", "---"]);
for (const stage of Object.keys(first)) {
  const times = warm.map((pair) => pair[stage]);
  row([stage, ...[first[stage], median(times), Math.min(...times), Math.max(...times)].map((ms) => ms.toFixed(1))]);
}
const seconds = median(warm.map(({ simulate }) => simulate)) / 1000;
console.log(`\nsimulator: ${(sweptCells(shape) / seconds / 1e9).toFixed(2)} Gcell/s`);
