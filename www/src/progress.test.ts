import { describe, expect, it } from "vitest";
import { loading, remaining } from "./progress";

describe("progress", () => {
  it("tells how much has been loaded", () => {
    expect(loading(5e6, 1e7)).toEqual({ label: "Loading the engine: 5.0 of 10.0 MB", fraction: 0.5 });
    expect(loading(1e7, 1e7).fraction).toBeNull();
  });

  it("says how much longer a run takes once it can and need tell", () => {
    expect(remaining(1000, 0.1)).toBe("");
    expect(remaining(10_000, null)).toBe("");
    expect(remaining(10_000, 0)).toBe("");
    expect(remaining(9000, 0.9)).toBe("");
    expect(remaining(10_000, 0.5)).toBe(", about 10 s left");
  });

  it("says so when the device is slow", () => {
    expect(remaining(10_000, 0.05)).toMatch(/^, about 190 s left; this device is slow/);
    expect(remaining(60_000, 0.01)).toMatch(/about 99 min left/);
  });
});
