import { describe, expect, it } from "vitest";
import { AMPLITUDE, colorIndex, VELOCITY } from "./colormap";

const rgb = (entry: number | undefined) => Array.from(new Uint8Array(Uint32Array.of(entry ?? 0).buffer));

describe("colour maps", () => {
  it("are Crameri's, opaque", () => {
    expect(rgb(VELOCITY[0])).toEqual([1, 25, 89, 255]);
    expect(rgb(VELOCITY[255])).toEqual([250, 204, 250, 255]);
    expect(rgb(AMPLITUDE[0])).toEqual([0, 18, 97, 255]);
    expect(rgb(AMPLITUDE[255])).toEqual([89, 0, 8, 255]);
  });

  it("take the end colours beyond their range", () => {
    expect(colorIndex(-1, 0, 1, 256)).toBe(0);
    expect(colorIndex(0.5, 0, 1, 256)).toBe(128);
    expect(colorIndex(7, 0, 1, 256)).toBe(255);
  });
});
