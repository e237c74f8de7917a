import { describe, expect, it } from "vitest";
import { DEFAULTS, type Settings } from "./settings";
import { formatAddress, LIMITS, parseAddress } from "./url";

const SETTINGS: Settings = {
  mode: "invert",
  family: "CurveFault-B",
  seed: 4_294_967_295,
  steps: 12,
  guidance: 2.5,
  path: false,
  maps: 3,
  spread: 0.25,
  rounds: 4,
  data: "drawn",
  drawn: "Y2BgYGAA",
  shot: 4,
  backend: "flex",
  colors: "grey",
  traces: "wiggle",
  gain: 12.5,
  mute: true,
  present: 3,
  kiosk: true,
  pace: 8,
  embed: true,
  tool: "fault",
  speed: 2750,
  radius: 45,
  throw: -120,
  toward: 17,
  points: 5,
  point: 3,
  step: 4,
  map: 2,
  load: false,
  run: true,
  rate: 0.5,
  frame: 31,
  bare: true,
  tour: 2,
};

describe("the address", () => {
  it("brings back every setting", () => {
    expect(parseAddress(formatAddress(SETTINGS, ""))).toEqual(SETTINGS);
    const own: Settings = { ...DEFAULTS, data: "file-0123456789abcdef" };
    expect({ ...DEFAULTS, ...parseAddress(formatAddress(own, "")) }).toEqual(own);
    const open: Settings = { ...SETTINGS, family: null, path: true, backend: null, gain: null, map: null };
    expect({ ...DEFAULTS, ...parseAddress(formatAddress(open, "")) }).toEqual(open);
  });

  it("is as short as it can be: short enough for a code on a slide", () => {
    expect(formatAddress(DEFAULTS, "?kiosk=1&gain=3")).toBe("?mode=generate&family=any&seed=1&steps=16&guidance=1.8");
  });

  it("names every map of the longest inversion", () => {
    const [maps, rounds] = [LIMITS.maps[1], LIMITS.rounds[1]];
    const last: Settings = { ...SETTINGS, maps, rounds, map: maps + rounds - 1 };
    expect(parseAddress(formatAddress(last, ""))).toEqual(last);
  });

  it("keeps parameters that are not ours", () => {
    expect(formatAddress(SETTINGS, "?utm=talk&seed=1")).toMatch(
      /^\?utm=talk&seed=4294967295&mode=invert&family=CurveFault-B/,
    );
  });

  it("names a drawing where one is shown or inverted, and nowhere else", () => {
    const drawn = "Y2BgYGAA";
    for (const shown of [{ mode: "draw" }, { mode: "invert", data: "drawn" }] as const) {
      const settings = { ...DEFAULTS, ...shown, drawn };
      expect({ ...DEFAULTS, ...parseAddress(formatAddress(settings, "")) }).toEqual(settings);
    }
    expect(formatAddress({ ...DEFAULTS, mode: "gallery", drawn }, "#drawn=AAAA")).not.toContain("drawn");
  });

  it("keeps a drawing out of what servers are sent", () => {
    const settings: Settings = { ...DEFAULTS, mode: "draw", drawn: "Y2BgYGAA" };
    expect(formatAddress(settings, "")).toMatch(/^\?[^#]*#drawn=Y2BgYGAA$/);
    expect(formatAddress(settings, "?drawn=AAAA").split("#")[0]).not.toContain("AAAA");
  });

  it("names only what it holds", () => {
    expect(parseAddress("?seed=3&backend=webgpu")).toEqual({ seed: 3, backend: "webgpu" });
    expect(parseAddress("")).toEqual({});
  });

  it.each([
    "seed=-1",
    "seed=1.5",
    "seed=",
    "seed=x",
    "steps=0",
    "steps=1000",
    "guidance=NaN",
    "backend=cuda",
    "mode=paint",
    "maps=0",
    "tool=spade",
    "points=1",
    "throw=-1000",
    "path=yes",
    "colors=mud",
    "gain=0",
    "present=7",
    "pace=0",
    "rate=0",
    "map=-1",
    "data=file-xyz",
    "data=../weights/manifest",
    "#drawn=a b",
    "frame=1.5",
    "tour=99",
    "run=yes",
  ])("leaves out what makes no sense: %s", (query) => {
    expect(parseAddress(query)).toEqual({});
  });
});
