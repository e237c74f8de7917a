import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mapToText, textToMap } from "./text";

const CELLS = 4900;
const level = Float32Array.from({ length: CELLS }, (_, i) => 1500 + 500 * Math.floor(i / 700));

describe("the text of a map", () => {
  it("gives it back to the nearest m/s", () => {
    const map = fc.array(fc.float({ min: 0, max: 65_535, noNaN: true }), { maxLength: 300 });
    fc.assert(
      fc.property(map, (values) => {
        const velocities = Float32Array.from(values);
        expect(textToMap(mapToText(velocities), values.length)).toEqual(velocities.map(Math.round));
      }),
    );
  });

  it("is short for what is painted on level layers, and fits in an address for the roughest", () => {
    expect(mapToText(level).length).toBeLessThan(100);
    const rough = level.map((velocity, i) => velocity + 1500 * Math.sin(i * i));
    expect(mapToText(rough).length).toBeLessThan(16_000);
  });

  it("holds nothing that an address would have to escape", () => {
    const text = mapToText(level.map((velocity, i) => velocity + (i % 97)));
    expect(encodeURIComponent(text)).toBe(text);
  });

  it("is refused when cut, too long, too short or no text of a map", () => {
    const text = mapToText(level);
    expect(textToMap(text.slice(0, -8), CELLS)).toBeNull();
    for (const cells of [CELLS - 1, CELLS + 1]) expect(textToMap(text, cells)).toBeNull();
    const any = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.string().map((tail) => text + tail),
    );
    fc.assert(
      fc.property(any, (damaged) => {
        const map = textToMap(damaged, CELLS);
        if (map) expect(map.every((velocity) => Number.isInteger(velocity) && velocity >= 0)).toBe(true);
      }),
    );
  });

  it("holds what is beyond any velocity as the fastest that it can", () => {
    expect(textToMap(mapToText(Float32Array.of(1e30, -5)), 2)).toEqual(Float32Array.of(65_535, 0));
  });
});
