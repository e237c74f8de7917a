// Cost against batch, steps and guidance, in headless Chromium: node benches/web/curves.mjs [--backend flex|webgpu] [--repeat N]

import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { median } from "./median.mjs";
import { inBrowser } from "./worker.mjs";

const { values: options } = parseArgs({
  options: {
    backend: { type: "string", default: "flex" },
    repeat: { type: "string", default: "5" },
  },
});
const { backend } = options;
const repeat = Number(options.repeat);
const steps = backend === "webgpu" ? [1, 2] : [5, 10, 20, 40];

const job = { backend, repeat, batches: [1, 4, 12], steps, guidances: [1, 1.8] };
const { adapter, networks, pairs } = await inBrowser("benches/web/", "curves.js", job);
console.log(`${backend} (${adapter}), ${cpus()[0].model}, medians of ${repeat} warm runs\n`);
console.log("| network | batch | ms | ms a sample |\n|---|---|---|---|");
for (const { network, batch, times } of networks) {
  const ms = median(times);
  console.log(`| ${network} | ${batch} | ${ms.toFixed(1)} | ${(ms / batch).toFixed(1)} |`);
}
console.log("\n| guidance | steps | pair, ms |\n|---|---|---|");
for (const { guidance, steps, times } of pairs) console.log(`| ${guidance} | ${steps} | ${median(times).toFixed(0)} |`);
