/** Whatever stands in the address, the page gets settings that it can work with, and writes them back as it read them. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULTS, isData, type Settings, usesDrawing } from "./settings";
import { formatAddress, LIMITS, parseAddress } from "./url";

/** Seconds; without it, a fixed number of queries. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 0);

const RUN: fc.Parameters<unknown> =
  SECONDS > 0
    ? {
        seed: Number(process.env.FUZZ_SEED ?? 1),
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: 1000 * SECONDS,
      }
    : { seed: 1, numRuns: 3000 };

/** What was once a fault. */
const CORPUS = ["?path=constructor", "?run=__proto__", "?data=//elsewhere.example/map", "?throw=-0"];

const value = fc.oneof(
  fc.string(),
  fc.double().map(String),
  fc.integer({ min: -400, max: 12_000 }).map(String),
  fc.constantFrom("constructor", "__proto__", "toString", "-0", "1e999", "NaN", "auto", "any", "0x10", " 7 ", "1", "0"),
  fc.constantFrom(
    "webgpu",
    "flex",
    "invert",
    "draw",
    "Style-A",
    "fault",
    "wiggle",
    "../weights/manifest",
    "",
    "drawn",
    "file-00ff00ff00ff00ff",
    "AAAA",
  ),
);

const query = fc.oneof(
  fc.string(),
  fc
    .array(fc.tuple(fc.constantFrom(...Object.keys(DEFAULTS)), value), { maxLength: 12 })
    .map((pairs) => `?${new URLSearchParams(pairs)}#${new URLSearchParams(pairs.filter(([key]) => key === "drawn"))}`),
);

function check(text: string): void {
  const settings: Settings = { ...DEFAULTS, ...parseAddress(text) };
  expect(Object.keys(settings).sort()).toEqual(Object.keys(DEFAULTS).sort());
  // Plain values: no function, nothing infinite.
  expect(JSON.parse(JSON.stringify(settings))).toEqual(settings);
  for (const [key, [least, most]] of Object.entries(LIMITS)) {
    const found = settings[key as keyof typeof LIMITS];
    if (found !== null && (found < least || found > most)) throw new Error(`${key} is ${found}`);
  }
  expect(isData(settings.data)).toBe(true);
  const written = usesDrawing(settings) ? settings : { ...settings, drawn: null };
  expect({ ...DEFAULTS, ...parseAddress(formatAddress(settings, "")) }).toEqual(written);
}

describe("any address", () => {
  it("gives usable settings, which it gives again", { timeout: 1000 * (60 + SECONDS) }, () => {
    let queries = 0;
    const property = fc.property(query, (text) => {
      queries += 1;
      check(text);
    });
    fc.assert(property, { ...RUN, examples: CORPUS.map((text) => [text]) });
    if (SECONDS > 0) console.log(`url: ${queries} inputs`);
    expect(queries).toBeGreaterThan(CORPUS.length);
  });
});
