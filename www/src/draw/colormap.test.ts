import { describe, expect, it } from "vitest";
import { colorIndex, palette } from "./colormap";

const rgb = (entry: number | undefined) => Array.from(new Uint8Array(Uint32Array.of(entry ?? 0).buffer));

describe("colour maps", () => {
  it("are Crameri's, opaque", () => {
    const { velocity, amplitude } = palette("scientific");
    expect(rgb(velocity[0])).toEqual([1, 25, 89, 255]);
    expect(rgb(velocity[255])).toEqual([250, 204, 250, 255]);
    expect(rgb(amplitude[0])).toEqual([0, 18, 97, 255]);
    expect(rgb(amplitude[255])).toEqual([89, 0, 8, 255]);
  });

  it("run from black to white, and from blue to red", () => {
    expect([0, 255].map((i) => rgb(palette("grey").velocity[i]))).toEqual([
      [0, 0, 0, 255],
      [255, 255, 255, 255],
    ]);
    expect([0, 128, 255].map((i) => rgb(palette("rainbow").velocity[i]))).toEqual([
      [0, 0, 128, 255],
      [130, 255, 126, 255],
      [128, 0, 0, 255],
    ]);
  });

  it("take the end colours beyond their range", () => {
    expect(colorIndex(-1, 0, 1, 256)).toBe(0);
    expect(colorIndex(0.5, 0, 1, 256)).toBe(128);
    expect(colorIndex(7, 0, 1, 256)).toBe(255);
  });
});
