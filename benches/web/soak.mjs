// Many pairs from one engine in headless Chromium, and the memory it holds: node benches/web/soak.mjs [--backend B] [--pairs N] [--steps K] [--sponge CELLS]

import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { launch } from "../../tests/e2e/browser.mjs";
import { serve } from "../../tests/e2e/server.mjs";

const { values: options } = parseArgs({
  options: {
    backend: { type: "string", default: "flex" },
    pairs: { type: "string", default: "500" },
    steps: { type: "string", default: "4" },
    sponge: { type: "string" },
  },
});
const { backend } = options;
const [pairs, steps] = [Number(options.pairs), Number(options.steps)];
const sponge = options.sponge && Number(options.sponge);

/** Pairs after which nothing may grow any more. */
const SETTLED = Math.min(10, pairs);

const server = await serve(fileURLToPath(new URL("../../", import.meta.url)));
const browser = await launch({ gpu: backend === "webgpu" });
const seen = [];
try {
  const page = await browser.newPage();
  await page.exposeFunction("tell", (report) => {
    seen.push(report);
    if (report.pair % 50 === 0) console.error(`${report.pair} of ${pairs} pairs`);
  });
  await page.goto(`${server.address}benches/web/index.html`);
  await page.evaluate(
    (job) =>
      new Promise((resolve, reject) => {
        const worker = new Worker("soak-worker.js", { type: "module" });
        worker.onmessage = async ({ data }) => {
          await window.tell(data);
          if (data.pair === job.pairs) resolve();
        };
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(job);
      }),
    { backend, steps, pairs, sponge },
  );
} finally {
  await browser.close();
  await server.close();
}

console.log(`${backend} (${seen[0].adapter}), ${cpus()[0].model}, ${steps} steps${sponge ? `, a sponge of ${sponge} cells` : ""}\n`);
console.log("| pairs | WebAssembly memory, MB | GPU buffers, MB |\n|---|---|---|");
const rows = [0, 1, 2, SETTLED, 50, 100, 200, 300, 400, pairs].filter((row, i, all) => row <= pairs && all.indexOf(row) === i);
for (const row of rows) console.log(`| ${row} | ${(seen[row].wasm / 1e6).toFixed(1)} | ${(seen[row].gpu / 1e6).toFixed(1)} |`);
const grown = (memory) => Math.max(...seen.slice(SETTLED).map((row) => row[memory])) - seen[SETTLED][memory];
console.log(`\nAfter pair ${SETTLED}, WebAssembly memory grew by ${grown("wasm")} bytes, GPU buffers by ${grown("gpu")}`);
if (grown("wasm") > 0 || grown("gpu") > 0) process.exitCode = 1;
