// Generates pairs, or simulates alone, and sends what each stage took.

import { answer, clocked, loadEngine } from "./load.js";

/** Milliseconds of each stage of a pair. */
async function generate(engine, request) {
  const [pair, { timings }] = await clocked(() => engine.generate(request, () => {}));
  const stages = Object.fromEntries(timings.map(({ stage, milliseconds }) => [stage, milliseconds]));
  return { ...stages, pair };
}

/** Milliseconds of a simulation alone. */
async function simulate(engine, velocity) {
  const [milliseconds] = await clocked(() => engine.simulate(velocity, () => {}));
  return { simulate: milliseconds };
}

answer(async ({ backend, steps, repeat, watched }) => {
  const { engine, load } = await loadEngine(backend);
  const shape = engine.shape();
  const even = new Float32Array(shape.nz * shape.nx).fill(2500);
  const request = { family: "CurveFault-A", steps, guidance: 1.8, path: false, preview: watched };
  const job = (seed) => (steps > 0 ? generate(engine, { ...request, seed }) : simulate(engine, even));
  const first = await job(1);
  const warm = [];
  for (let run = 0; run < repeat; run += 1) warm.push(await job(run + 2));
  return { load, first, warm, adapter: engine.adapter, shape };
});
