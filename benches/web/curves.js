// What a network costs against the batch, and a pair against steps and guidance.

import { answer, clocked, latents, loadEngine } from "./load.js";

const NETWORKS = ["denoiser", "velocityDecoder", "seismicDecoder"];

async function repeated(repeat, work) {
  await work();
  const times = [];
  for (let run = 0; run < repeat; run += 1) times.push((await clocked(work))[0]);
  return times;
}

answer(async ({ backend, repeat, batches, steps, guidances }) => {
  const { engine, manifest } = await loadEngine(backend);
  const networks = [];
  for (const network of NETWORKS) {
    for (const batch of batches) {
      const input = latents(manifest, batch);
      networks.push({ network, batch, times: await repeated(repeat, () => engine.evaluate(network, input)) });
    }
  }
  const pairs = [];
  for (const guidance of guidances) {
    for (const count of steps) {
      const request = { family: "CurveFault-A", seed: 1, steps: count, guidance, path: false, preview: false };
      pairs.push({ guidance, steps: count, times: await repeated(repeat, () => engine.generate(request, () => {})) });
    }
  }
  return { adapter: engine.adapter, networks, pairs };
});
