// Generates pair after pair and tells what memory the engine holds.

import initEngine, { Engine } from "../../pkg/wavediffusion.js";
import { answer } from "./load.js";

const WEIGHTS = new URL("../../www/public/weights/", import.meta.url);

/** Bytes of the GPU buffers that exist: those made, less those destroyed or collected. */
let gpuBytes = 0;
const collected = new FinalizationRegistry((size) => {
  gpuBytes -= size;
});
if (globalThis.GPUDevice) {
  const { createBuffer } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    gpuBytes += descriptor.size;
    collected.register(buffer, descriptor.size, buffer);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    if (collected.unregister(this)) gpuBytes -= this.size;
    destroy.call(this);
  };
}

answer(async ({ backend, steps, pairs, sponge }) => {
  const { memory } = await initEngine();
  const manifest = await (await fetch(new URL("manifest.json", WEIGHTS))).json();
  manifest.survey.sponge = sponge ?? manifest.survey.sponge;
  const weights = new Uint8Array(await (await fetch(new URL(manifest.weights.file, WEIGHTS))).arrayBuffer());
  const engine = await Engine.load(JSON.stringify(manifest), weights, backend);
  const report = (pair) => ({ pair, wasm: memory.buffer.byteLength, gpu: gpuBytes, adapter: engine.adapter });
  for (let pair = 1; pair <= pairs; pair += 1) {
    postMessage(report(pair - 1));
    await engine.generate({ family: null, seed: pair, steps, guidance: 1.8, path: false, preview: pair % 2 === 0 }, () => {});
  }
  return report(pairs);
});
