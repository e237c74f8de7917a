// A page whose example is made here, so that what it shows does not depend on the weights.

import { readFileSync } from "node:fs";

const [NZ, NX, SHOTS, SAMPLES, RECEIVERS] = [70, 70, 5, 250, 70];
const [DT, SPACING] = [4e-3, 10];

/** Layers with a bend and a fault, m/s. */
function velocity() {
  return Float32Array.from({ length: NZ * NX }, (_, i) => {
    const [z, x] = [Math.floor(i / NX), i % NX];
    const depth = z + 4 * Math.sin(x / 11) + (x > 40 ? 8 : 0);
    return 1700 + 550 * Math.min(4, Math.floor(depth / 16));
  });
}

/** A direct wave and some echoes of every shot, each `scale` times as strong as the one before. */
function gathers(sources, scale, shift) {
  const values = new Float32Array(SHOTS * SAMPLES * RECEIVERS);
  const ricker = (t) => {
    const a = (Math.PI * 15 * t) ** 2;
    return (1 - 2 * a) * Math.exp(-a);
  };
  for (let i = 0; i < values.length; i++) {
    const receiver = i % RECEIVERS;
    const t = (Math.floor(i / RECEIVERS) % SAMPLES) * DT;
    const offset = Math.abs(receiver - sources[Math.floor(i / RECEIVERS / SAMPLES)].x) * SPACING;
    let size = 10;
    for (const depth of [0, 150, 300, 450]) {
      values[i] += size * ricker(t - 0.08 - shift - Math.hypot(offset, 2 * depth) / 2000);
      size *= scale;
    }
  }
  return values;
}

/** Has the page show this example instead of the weights' own. */
export async function withMadeExample(page, dist) {
  const manifest = JSON.parse(readFileSync(`${dist}/weights/manifest.json`, "utf8"));
  const { sources } = manifest.survey;
  const parts = [velocity(), gathers(sources, 0.1, 0), gathers(sources, 0.12, 1e-3)];
  const body = Buffer.concat(parts.map(({ buffer }) => Buffer.from(buffer)));
  manifest.consistency = { floor_median: 0.15, floor_p90: 0.25, ceiling_median: 0.75 };
  Object.assign(manifest.example, { bytes: body.length, family: "CurveFault-A", seed: 1, steps: 12, guidance: 1.5 });
  Object.assign(manifest.example, { samples: SAMPLES, dt: DT, deviation: 0.12, ssim: 0.97, mse: 1e-3, consistent: true });
  manifest.example.path = Array.from({ length: 12 }, (_, i) => ({ step: i + 1, deviation: 0.7 * 0.85 ** i }));
  await page.route(/weights\/manifest\.json/, (route) => route.fulfill({ json: manifest }));
  await page.route(/weights\/example\.bin/, (route) => route.fulfill({ body }));
}
