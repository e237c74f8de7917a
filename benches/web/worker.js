// The engine in a worker of its own, as in the page: loads the weights, generates pairs, sends what each stage took.

import initEngine, { Engine } from "../../pkg/wavediffusion.js";

const WEIGHTS = new URL("../../www/public/weights/", import.meta.url);

/** Milliseconds of each stage of a pair. */
async function generate(engine, request) {
  const started = performance.now();
  const { timings } = await engine.generate(request, () => {});
  const stages = Object.fromEntries(timings.map(({ stage, milliseconds }) => [stage, milliseconds]));
  return { ...stages, pair: performance.now() - started };
}

/** Milliseconds of a simulation alone. */
async function simulate(engine, velocity) {
  const started = performance.now();
  await engine.simulate(velocity, () => {});
  return { simulate: performance.now() - started };
}

self.onmessage = async ({ data: { backend, steps, repeat } }) => {
  await initEngine();
  const text = await (await fetch(new URL("manifest.json", WEIGHTS))).text();
  const { file } = JSON.parse(text).weights;
  const weights = new Uint8Array(await (await fetch(new URL(file, WEIGHTS))).arrayBuffer());
  const started = performance.now();
  const engine = await Engine.load(text, weights, backend);
  const load = performance.now() - started;
  const shape = engine.shape();
  const even = new Float32Array(shape.nz * shape.nx).fill(2500);
  const request = { family: null, steps, guidance: 1.5, path: false };
  const job = (seed) => (steps > 0 ? generate(engine, { ...request, seed }) : simulate(engine, even));
  const first = await job(1);
  const warm = [];
  for (let run = 0; run < repeat; run += 1) warm.push(await job(run + 2));
  postMessage({ load, first, warm, adapter: engine.adapter, shape });
};
