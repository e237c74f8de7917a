// Our engine beside onnxruntime-web on the same networks, in headless Chromium:
// node benches/peers/onnx/bench.mjs [--backend flex|webgpu] [--repeat N]

import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { median } from "../../web/median.mjs";
import { inBrowser } from "../../web/worker.mjs";

/** Largest relative difference (L2) of two engines' outputs that is called the same. */
const SAME = 1e-3;

const { values: options } = parseArgs({
  options: {
    backend: { type: "string", default: "flex" },
    repeat: { type: "string", default: "20" },
  },
});
const { backend } = options;
const repeat = Number(options.repeat);

const { adapter, results } = await inBrowser("benches/peers/onnx/", "worker.js", { backend, repeat });
console.log(`${backend} (${adapter}), ${cpus()[0].model}, medians of ${repeat} warm runs in turns\n`);
console.log("| network | batch | ours, ms | onnxruntime-web, ms | ratio | difference |\n|---|---|---|---|---|---|");
for (const { network, batch, ours, theirs, difference } of results) {
  const [a, b] = [median(ours), median(theirs)];
  const cells = [a.toFixed(1), b.toFixed(1), (b / a).toFixed(2), difference.toExponential(1)];
  console.log(`| ${[network, batch, ...cells].join(" | ")} |`);
  if (!(difference <= SAME)) throw new Error(`${network}: the outputs differ by ${difference}, more than ${SAME}`);
}
