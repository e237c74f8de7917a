import { describe, expect, it } from "vitest";
import { amplitudeScale, duration, extent, percent, short, ticks } from "./scale";

describe("ticks", () => {
  it("are round and lie on the axis", () => {
    expect(ticks(-5, 695, 7)).toEqual([0, 100, 200, 300, 400, 500, 600]);
    expect(ticks(-0.002, 0.998, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8]);
    expect(ticks(1500, 4500, 6)).toEqual([1500, 2000, 2500, 3000, 3500, 4000, 4500]);
    expect(ticks(0, 0.03, 3)).toEqual([0, 0.01, 0.02, 0.03]);
  });

  it("are none on an empty axis", () => {
    expect(ticks(1, 1, 5)).toEqual([]);
    expect(ticks(0, Number.NaN, 5)).toEqual([]);
  });
});

describe("positions", () => {
  it("put a sample in the middle of its pixel", () => {
    expect(percent(0, extent(70, 10))).toBeCloseTo(50 / 70);
    expect(percent(690, extent(70, 10))).toBeCloseTo(100 - 50 / 70);
  });

  it("stay on the axis", () => {
    expect(percent(-9, [0, 1])).toBe(0);
    expect(percent(9, [0, 1])).toBe(100);
  });
});

describe("amplitudeScale", () => {
  it("clips what is stronger than the share shown, and tells the gain", () => {
    const values = Float32Array.from({ length: 101 }, (_, i) => (i === 50 ? -40 : i % 2 ? 2 : -2));
    expect(amplitudeScale(values, 0.9)).toEqual({ clip: 2, gain: 20 });
  });

  it("survives silence and values that are not numbers", () => {
    expect(amplitudeScale(new Float32Array(9), 0.9)).toEqual({ clip: 1, gain: 1 });
    expect(amplitudeScale(Float32Array.of(Number.NaN, -3), 0.9)).toEqual({ clip: 3, gain: 1 });
    expect(amplitudeScale(new Float32Array(0), 0.9)).toEqual({ clip: 1, gain: 1 });
  });
});

describe("numbers", () => {
  it("are short", () => {
    expect([0, 0.17, 1234.5, 0.000412, 4500].map(short)).toEqual(["0", "0.17", "1230", "4.1e-4", "4500"]);
  });

  it("read as durations", () => {
    expect([0.4, 31.2, 999.7, 8600, 123_456].map(duration)).toEqual(["0 ms", "31 ms", "1.0 s", "8.6 s", "123 s"]);
  });
});
