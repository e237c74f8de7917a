import { describe, expect, it } from "vitest";
import { parseExample } from "./example";
import { parseManifest } from "./manifest";

const JSON_MANIFEST = {
  format: 1,
  weights: { file: "weights.safetensors", bytes: 9, sha256: "ab" },
  families: ["FlatVel-A"],
  normalisation: { velocity: [1500, 4500] },
  consistency: { floor_median: 0.17, floor_p90: 0.34, ceiling_median: 0.91 },
  model: {
    tokens: [9, 9],
    latent: { codes: 1024, code_width: 8, codes_per_token: 4 },
    denoiser: { width: 192, depth: 5, heads: 3 },
    families: 10,
  },
  provenance: { denoiser: { samples: 480_000 } },
  survey: { spacing: 10, sources: [{ z: 1, x: 0 }], receivers: [0, 1, 2].map((x) => ({ z: 1, x })) },
  example: {
    file: "example.bin",
    bytes: 4 * (9 + 2 * 6),
    sha256: "cd",
    family: "FlatVel-A",
    seed: 1,
    steps: 8,
    guidance: 1,
    samples: 2,
    dt: 0.004,
    deviation: 0.2,
    ssim: 0.9,
    mse: 0.01,
    consistent: true,
    path: [{ step: 1, deviation: 1.1 }],
  },
};

describe("parseManifest", () => {
  it("reads grid, baselines and example", () => {
    const manifest = parseManifest(JSON.stringify(JSON_MANIFEST));
    expect(manifest.grid).toEqual({
      nz: 3,
      nx: 3,
      spacing: 10,
      speeds: [1500, 4500],
      shots: 1,
      receivers: 3,
      sourcesX: [0],
    });
    expect(manifest.baselines.floorP90).toBe(0.34);
    expect(manifest.architecture).toMatchObject({
      tokens: [9, 9],
      codes: 1024,
      denoiser: { width: 192 },
      maps: 480_000,
    });
    expect(manifest.example.path).toEqual([{ step: 1, deviation: 1.1 }]);
  });

  it("names the field that is missing", () => {
    const { consistency: _, ...rest } = JSON_MANIFEST;
    expect(() => parseManifest(JSON.stringify(rest))).toThrow("`consistency.floor_median`");
  });

  it("refuses what is no manifest of its format", () => {
    expect(() => parseManifest("<html>")).toThrow("not JSON");
    expect(() => parseManifest('{"format":2}')).toThrow("format 1");
  });
});

describe("parseExample", () => {
  const manifest = parseManifest(JSON.stringify(JSON_MANIFEST));

  it("cuts velocity, generated and simulated apart and subtracts", () => {
    const values = Float32Array.from({ length: 21 }, (_, i) => i);
    const example = parseExample(values.buffer, manifest);
    expect([...example.velocity]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(example.generated[0]).toBe(9);
    expect(example.simulated[0]).toBe(15);
    expect([...example.difference]).toEqual([-6, -6, -6, -6, -6, -6]);
  });

  it("refuses a truncated file", () => {
    expect(() => parseExample(new ArrayBuffer(80), manifest)).toThrow("80 bytes");
  });
});
