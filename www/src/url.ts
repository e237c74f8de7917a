/** The page's address: one typed table maps each setting to its query parameter. That is the whole sharing mechanism. */

import { TRACES } from "./display";
import { COLORS } from "./draw/colormap";
import { TOOLS } from "./drawing/tools";
import { MODES, type Settings } from "./state";
import { SLIDES } from "./story/slides";

/** Smallest and largest value of each number, for the address and the controls alike. */
export const LIMITS = {
  seed: [0, 0xffff_ffff],
  steps: [1, 50],
  guidance: [0, 8],
  maps: [1, 16],
  spread: [0.05, 1],
  shot: [0, 999],
  gain: [1, 1000],
  speed: [100, 10_000],
  radius: [10, 300],
  throw: [-300, 300],
  points: [2, 25],
  point: [0, 24],
  present: [0, SLIDES.length],
  pace: [1, 600],
} as const;

interface Parameter<T> {
  /** Reads the text of the parameter; undefined when it makes no sense, and then the default stands. */
  parse: (text: string) => T | undefined;
  format: (value: T) => string;
}

const ANY = "any";

const number = ([least, most]: readonly [number, number], whole: boolean): Parameter<number> => ({
  parse: (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    const fits = Number.isFinite(value) && value >= least && value <= most && (!whole || Number.isInteger(value));
    return fits ? value : undefined;
  },
  format: String,
});

const oneOf = <T extends string>(values: readonly T[]): Parameter<T> => ({
  parse: (text) => values.find((value) => value === text),
  format: String,
});

const flag: Parameter<boolean> = {
  parse: (text) => ({ "1": true, "0": false })[text],
  format: (set) => (set ? "1" : "0"),
};

const AUTO = "auto";

const gain = number(LIMITS.gain, false);

const PARAMETERS: { [K in keyof Settings]: Parameter<Settings[K]> } = {
  mode: oneOf(MODES),
  family: {
    parse: (text) => (text.toLowerCase() === ANY ? null : text || undefined),
    format: (family) => family ?? ANY,
  },
  seed: number(LIMITS.seed, true),
  steps: number(LIMITS.steps, true),
  guidance: number(LIMITS.guidance, false),
  path: flag,
  maps: number(LIMITS.maps, true),
  spread: number(LIMITS.spread, false),
  prepared: {
    parse: (text) => text || undefined,
    format: (prepared) => prepared ?? "",
  },
  shot: number(LIMITS.shot, true),
  backend: {
    parse: (text) => (text === "webgpu" || text === "flex" ? text : text === AUTO ? null : undefined),
    format: (backend) => backend ?? AUTO,
  },
  colors: oneOf(COLORS),
  traces: oneOf(TRACES),
  gain: {
    parse: (text) => (text === AUTO ? null : gain.parse(text)),
    format: (value) => (value === null ? AUTO : gain.format(value)),
  },
  mute: flag,
  present: number(LIMITS.present, true),
  kiosk: flag,
  pace: number(LIMITS.pace, false),
  embed: flag,
  tool: oneOf(TOOLS),
  speed: number(LIMITS.speed, false),
  radius: number(LIMITS.radius, false),
  throw: number(LIMITS.throw, false),
  toward: number(LIMITS.seed, true),
  points: number(LIMITS.points, true),
  point: number(LIMITS.point, true),
};

const KEYS = Object.keys(PARAMETERS) as (keyof Settings)[];

/** The settings that an address's query names. */
export function parseQuery(query: string): Partial<Settings> {
  const given = new URLSearchParams(query);
  const settings: Partial<Settings> = {};
  const read = <K extends keyof Settings>(key: K) => {
    const text = given.get(key);
    const value = text === null ? undefined : PARAMETERS[key].parse(text);
    if (value !== undefined) settings[key] = value;
  };
  KEYS.forEach(read);
  return settings;
}

/** The query that stands for the settings; parameters that are not ours stay. */
export function formatQuery(settings: Settings, query: string): string {
  const given = new URLSearchParams(query);
  const write = <K extends keyof Settings>(key: K) => given.set(key, PARAMETERS[key].format(settings[key]));
  KEYS.forEach(write);
  return `?${given}`;
}
