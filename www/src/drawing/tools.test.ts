import { describe, expect, it } from "vitest";
import { brush, fault, layer, levelLayers, PENCIL, stroke } from "./tools";

const CELLS = { nz: 5, nx: 6 };
const ROCK = 2000;
const SALT = 4500;
const plain = () => new Float32Array(30).fill(ROCK);
/** Rows as text: `#` where the map has changed. */
const picture = (map: Float32Array) =>
  Array.from({ length: CELLS.nz }, (_, z) =>
    Array.from(map.subarray(z * CELLS.nx, (z + 1) * CELLS.nx), (value) => (value === ROCK ? "." : "#")).join(""),
  );

describe("brush", () => {
  it("paints a disc of cells", () => {
    expect(picture(brush(plain(), CELLS, [{ z: 2, x: 2 }], 1, SALT))).toEqual([
      "......",
      "..#...",
      ".###..",
      "..#...",
      "......",
    ]);
  });

  it("leaves no gap between two places of a fast stroke", () => {
    const ends = [
      { z: 2, x: -3 },
      { z: 2, x: 9 },
    ];
    expect(picture(brush(plain(), CELLS, ends, 0.5, SALT))[2]).toBe("######");
  });

  it("does not change the map that it was given", () => {
    const map = plain();
    brush(map, CELLS, [{ z: 2, x: 2 }], 3, SALT);
    expect(map).toEqual(plain());
  });
});

describe("layer", () => {
  it("fills everything below a click", () => {
    expect(picture(layer(plain(), CELLS, [{ z: 2.6, x: 4 }], SALT))).toEqual([
      "......",
      "......",
      "......",
      "######",
      "######",
    ]);
  });

  it("follows the line and goes on level beside it", () => {
    const line = [
      { z: 1, x: 1 },
      { z: 4, x: 4 },
    ];
    expect(picture(layer(plain(), CELLS, line, SALT))).toEqual(["......", "##....", "###...", "####..", "######"]);
    expect(layer(plain(), CELLS, [...line].reverse(), SALT)).toEqual(layer(plain(), CELLS, line, SALT));
  });
});

describe("fault", () => {
  const layered = () => layer(plain(), CELLS, [{ z: 2, x: 0 }], SALT);

  it("lowers what lies right of a vertical line", () => {
    const at = { z: 0, x: 2.5 };
    expect(picture(fault(layered(), CELLS, at, at, 1))).toEqual(["......", "......", "###...", "######", "######"]);
    expect(picture(fault(layered(), CELLS, at, at, -1))).toEqual(["......", "...###", "######", "######", "######"]);
  });

  it("lowers the same side whichever end of the line was drawn first", () => {
    const [top, bottom] = [
      { z: 0, x: 1 },
      { z: 4, x: 4 },
    ];
    const moved = fault(layered(), CELLS, top, bottom, 2);
    expect(moved).toEqual(fault(layered(), CELLS, bottom, top, 2));
    expect(picture(moved)).not.toEqual(picture(layered()));
    for (let z = 0; z < 5; z++) expect(moved[z * 6]).toBe(layered()[z * 6]);
  });

  it("brings in the rim's own value, however large the throw", () => {
    const at = { z: 0, x: 2.5 };
    expect(picture(fault(layered(), CELLS, at, at, 99))).toEqual(["......", "......", "###...", "###...", "###..."]);
  });

  it("makes no change without a throw", () => {
    expect(fault(layered(), CELLS, { z: 0, x: 1 }, { z: 4, x: 3 }, 0)).toEqual(layered());
  });
});

describe("stroke", () => {
  const cells = { ...CELLS, spacing: 10 };

  it("takes radius and throw in metres", () => {
    const at = { z: 2, x: 2 };
    const body = stroke(plain(), cells, [at], { ...PENCIL, tool: "brush", radius: 10, speed: SALT });
    expect(body).toEqual(brush(plain(), CELLS, [at], 1, SALT));
    const shifted = stroke(body, cells, [at], { ...PENCIL, tool: "fault", throw: 20 });
    expect(shifted).toEqual(fault(body, CELLS, at, at, 2));
  });

  it("leaves the map alone without a place", () => {
    const map = plain();
    expect(stroke(map, cells, [], PENCIL)).toBe(map);
  });
});

describe("levelLayers", () => {
  it("has as many layers as asked for, faster downwards and within the limits", () => {
    const map = levelLayers({ nz: 6, nx: 1 }, [1500, 4500], 3);
    expect([...map]).toEqual([2000, 2000, 3000, 3000, 4000, 4000]);
  });
});
