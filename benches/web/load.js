// The engine in a worker, with the weights that the page ships.

import initEngine, { Engine } from "../../pkg/wavediffusion.js";

const WEIGHTS = new URL("../../www/public/weights/", import.meta.url);

/** The engine, the manifest, and the milliseconds that `Engine.load` took. */
export async function loadEngine(backend) {
  await initEngine();
  const text = await (await fetch(new URL("manifest.json", WEIGHTS))).text();
  const manifest = JSON.parse(text);
  const weights = new Uint8Array(await (await fetch(new URL(manifest.weights.file, WEIGHTS))).arrayBuffer());
  const [load, engine] = await clocked(() => Engine.load(text, weights, backend));
  return { engine, manifest, load };
}

/** Latents for a batch, about normal and the same in every run. */
export function latents({ model: { tokens, latent } }, batch) {
  const length = batch * tokens[0] * tokens[1] * latent.code_width * latent.codes_per_token;
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return Float32Array.from({ length }, () => 2 * (uniform() + uniform() + uniform()));
}

/** The milliseconds that some work took, and what came of it. */
export async function clocked(work) {
  const started = performance.now();
  const result = await work();
  return [performance.now() - started, result];
}

/** Answers the job that the page sends; throws out of the promise, so that the page hears of a failure. */
export function answer(work) {
  self.onmessage = ({ data }) => {
    work(data).then(postMessage, (error) => {
      setTimeout(() => {
        throw error;
      });
    });
  };
}
