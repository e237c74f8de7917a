/** The pair that `wavediffusion export` computed and keeps beside the weights: on screen before anything has loaded. */

import { open } from "./engine/download";
import { Failure } from "./engine/failure";
import type { ExampleEntry, Manifest } from "./manifest";

export interface Example {
  entry: ExampleEntry;
  velocity: Float32Array;
  generated: Float32Array;
  simulated: Float32Array;
  difference: Float32Array;
}

/** Cuts the file into its arrays: velocity, generated, simulated, each f32 little-endian. */
export function parseExample(buffer: ArrayBuffer, { example: entry, grid }: Manifest): Example {
  if (buffer.byteLength !== entry.bytes) {
    throw new Failure(
      "example-corrupt",
      `${entry.file} has ${buffer.byteLength} bytes; its manifest says ${entry.bytes}.`,
    );
  }
  const cells = grid.nz * grid.nx;
  const values = grid.shots * entry.samples * grid.receivers;
  const all = new Float32Array(buffer);
  const generated = all.subarray(cells, cells + values);
  const simulated = all.subarray(cells + values);
  return {
    entry,
    velocity: all.subarray(0, cells),
    generated,
    simulated,
    difference: generated.map((value, i) => value - (simulated[i] ?? 0)),
  };
}

export async function fetchExample(manifest: Manifest, base: URL): Promise<Example> {
  const response = await open(new URL(manifest.example.file, base));
  return parseExample(await response.arrayBuffer(), manifest);
}
