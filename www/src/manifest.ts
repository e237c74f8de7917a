/** What the page reads from `weights/manifest.json`: the baselines, the survey and the pair kept beside the weights. */

import { Failure } from "./engine/failure";

/** A file beside the manifest. */
export interface FileEntry {
  file: string;
  bytes: number;
  sha256: string;
}

/** The figures that a deviation is held against. */
export interface Baselines {
  floorMedian: number;
  floorP90: number;
  ceilingMedian: number;
}

/** Where the panels' axes and the colours of maps come from. */
export interface Grid {
  nz: number;
  nx: number;
  /** Cell size in metres. */
  spacing: number;
  /** Slowest and fastest velocity that the model knows, m/s. */
  speeds: readonly [number, number];
  shots: number;
  receivers: number;
  /** Column of each shot's source. */
  sourcesX: readonly number[];
}

/** The pair that `wavediffusion export` computed. */
export interface ExampleEntry extends FileEntry {
  family: string | null;
  seed: number;
  steps: number;
  guidance: number;
  samples: number;
  dt: number;
  deviation: number;
  ssim: number;
  mse: number;
  consistent: boolean;
  path: { step: number; deviation: number }[];
}

/** Sizes of the networks, and what they were trained on. */
export interface Architecture {
  /** Rows and columns of the token grid. */
  tokens: readonly [number, number];
  codes: number;
  codeWidth: number;
  codesPerToken: number;
  denoiser: { width: number; depth: number };
  families: number;
  /** Bytes of the weights. */
  bytes: number;
  /** Maps that the denoiser was trained on. */
  maps: number;
}

export interface Manifest {
  /** The manifest as fetched, for the engine. */
  text: string;
  weights: FileEntry;
  families: readonly string[];
  baselines: Baselines;
  architecture: Architecture;
  grid: Grid;
  example: ExampleEntry;
}

type Json = Record<string, unknown>;

/** Reads a field of a given type, or names what is missing. */
function field<T>(of: Json, path: string, is: (value: unknown) => value is T): T {
  let value: unknown = of;
  for (const key of path.split(".")) value = isObject(value) ? value[key] : undefined;
  if (!is(value)) throw new Failure("bad-manifest", `The weights' manifest has no usable field \`${path}\`.`);
  return value;
}

const isObject = (v: unknown): v is Json => typeof v === "object" && v !== null && !Array.isArray(v);
const isNumber = (v: unknown): v is number => typeof v === "number" && Number.isFinite(v);
const isString = (v: unknown): v is string => typeof v === "string";
const isBoolean = (v: unknown): v is boolean => typeof v === "boolean";
const isArray = (v: unknown): v is unknown[] => Array.isArray(v);
const isCells = (v: unknown): v is { z: number; x: number }[] =>
  isArray(v) && v.every((c) => isObject(c) && isNumber(c.x) && isNumber(c.z));
const isPlace = (v: unknown): v is [number, number] => isArray(v) && v.length === 2 && v.every(isNumber);
const isStrings = (v: unknown): v is string[] => isArray(v) && v.every(isString);
const isRange = (v: unknown): v is [number, number] =>
  isArray(v) && v.length === 2 && v.every(isNumber) && Number(v[0]) < Number(v[1]);
const isPath = (v: unknown): v is { step: number; deviation: number }[] =>
  isArray(v) && v.every((p) => isObject(p) && isNumber(p.step) && isNumber(p.deviation));

function fileEntry(of: Json, path: string): FileEntry {
  return {
    file: field(of, `${path}.file`, isString),
    bytes: field(of, `${path}.bytes`, isNumber),
    sha256: field(of, `${path}.sha256`, isString),
  };
}

/**
 * Reads a manifest.
 *
 * @throws {Failure} `bad-manifest`, naming the field that is missing.
 */
export function parseManifest(text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Failure("bad-manifest", "The weights' manifest is not JSON.");
  }
  if (!isObject(json) || json.format !== 1)
    throw new Failure("bad-manifest", "The weights' manifest is not of format 1.");
  const sources = field(json, "survey.sources", isCells);
  const receivers = field(json, "survey.receivers", isCells);
  const example = {
    ...fileEntry(json, "example"),
    family: isObject(json.example) && isString(json.example.family) ? json.example.family : null,
    seed: field(json, "example.seed", isNumber),
    steps: field(json, "example.steps", isNumber),
    guidance: field(json, "example.guidance", isNumber),
    samples: field(json, "example.samples", isNumber),
    dt: field(json, "example.dt", isNumber),
    deviation: field(json, "example.deviation", isNumber),
    ssim: field(json, "example.ssim", isNumber),
    mse: field(json, "example.mse", isNumber),
    consistent: field(json, "example.consistent", isBoolean),
    path: field(json, "example.path", isPath),
  };
  return {
    text,
    weights: fileEntry(json, "weights"),
    families: field(json, "families", isStrings),
    baselines: {
      floorMedian: field(json, "consistency.floor_median", isNumber),
      floorP90: field(json, "consistency.floor_p90", isNumber),
      ceilingMedian: field(json, "consistency.ceiling_median", isNumber),
    },
    architecture: {
      tokens: field(json, "model.tokens", isPlace),
      codes: field(json, "model.latent.codes", isNumber),
      codeWidth: field(json, "model.latent.code_width", isNumber),
      codesPerToken: field(json, "model.latent.codes_per_token", isNumber),
      denoiser: {
        width: field(json, "model.denoiser.width", isNumber),
        depth: field(json, "model.denoiser.depth", isNumber),
      },
      families: field(json, "model.families", isNumber),
      bytes: field(json, "weights.bytes", isNumber),
      maps: field(json, "provenance.denoiser.samples", isNumber),
    },
    grid: {
      ...velocityShape(example, sources.length * receivers.length),
      spacing: field(json, "survey.spacing", isNumber),
      speeds: field(json, "normalisation.velocity", isRange),
      shots: sources.length,
      receivers: receivers.length,
      sourcesX: sources.map((source) => source.x),
    },
    example,
  };
}

/** The example's file holds a square velocity map and two gathers; the manifest gives its length. */
function velocityShape(example: ExampleEntry, traces: number): { nz: number; nx: number } {
  const side = Math.sqrt(example.bytes / Float32Array.BYTES_PER_ELEMENT - 2 * traces * example.samples);
  if (!Number.isInteger(side)) throw new Failure("bad-manifest", "The example pair's length does not fit the survey.");
  return { nz: side, nx: side };
}
