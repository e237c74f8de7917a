// The engine belongs in a worker: it computes for seconds.
import init, { Engine, probe } from "../wavediffusion.js";

self.onmessage = async ({ data: request }) => {
  try {
    await init();
    const weights = new URL("../weights/", import.meta.url);
    const manifest = await (await fetch(new URL("manifest.json", weights))).text();
    const bytes = await (await fetch(new URL(JSON.parse(manifest).weights.file, weights))).arrayBuffer();
    const { webgpu, software } = await probe();
    const engine = await Engine.load(manifest, new Uint8Array(bytes), webgpu && !software ? "webgpu" : "flex");
    const pair = await engine.generate(request, () => {});
    postMessage({ pair, shape: engine.shape() });
    engine.free();
  } catch (error) {
    postMessage({ error: error.message });
  }
};
