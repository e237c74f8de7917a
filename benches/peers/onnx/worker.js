// Both engines in one worker, in turns on the same latents.

import { answer, clocked, latents, loadEngine } from "../../web/load.js";

const PEER = { flex: ["ort.wasm.bundle.min.mjs", "wasm"], webgpu: ["ort.webgpu.bundle.min.mjs", "webgpu"] };

/** Networks as the page runs them: the denoiser on both branches of the guidance, the decoders on one latent. */
const NETWORKS = [
  { name: "denoiser", file: "denoiser.onnx", batch: 2 },
  { name: "velocityDecoder", file: "velocity_decoder.onnx", batch: 1 },
  { name: "seismicDecoder", file: "seismic_decoder.onnx", batch: 1 },
];

/** What the peer is asked, as `Engine.evaluate` puts it: halfway to noise, of any family. */
function feeds(ort, { name, batch }, values, { tokens, latent, families }) {
  const shape = [batch, tokens[0] * tokens[1], latent.code_width * latent.codes_per_token];
  const input = new ort.Tensor("float32", values, shape);
  if (name !== "denoiser") return { latent: input };
  const time = new ort.Tensor("float32", new Float32Array(batch).fill(0.5), [batch, 1]);
  const labels = new ort.Tensor("int64", new BigInt64Array(batch).fill(BigInt(families)), [batch, 1]);
  return { noisy: input, time, labels };
}

/** Relative L2. */
function relativeDifference(ours, theirs) {
  let [difference, size] = [0, 0];
  for (let i = 0; i < theirs.length; i += 1) {
    difference += (ours[i] - theirs[i]) ** 2;
    size += theirs[i] ** 2;
  }
  return ours.length === theirs.length ? Math.sqrt(difference / size) : Number.NaN;
}

answer(async ({ backend, repeat }) => {
  const [module, provider] = PEER[backend];
  const ort = await import(`./node_modules/onnxruntime-web/dist/${module}`);
  ort.env.wasm.numThreads = 1;
  const { engine, manifest } = await loadEngine(backend);
  const results = [];
  for (const network of NETWORKS) {
    const session = await ort.InferenceSession.create(`models/${network.file}`, { executionProviders: [provider] });
    const input = latents(manifest, network.batch);
    const asked = feeds(ort, network, input, manifest.model);
    const ours = () => engine.evaluate(network.name, input);
    const theirs = async () => (await session.run(asked)).output.data;
    // The first runs compile and choose kernels.
    await ours();
    await theirs();
    const difference = relativeDifference(await ours(), await theirs());
    const times = { ours: [], theirs: [] };
    for (let run = 0; run < repeat; run += 1) {
      times.ours.push((await clocked(ours))[0]);
      times.theirs.push((await clocked(theirs))[0]);
    }
    results.push({ network: network.name, batch: network.batch, difference, ...times });
    await session.release();
  }
  return { adapter: engine.adapter, results };
});
