/** The page's address: one typed table maps each setting to its parameter. That is the whole sharing mechanism. */

import type { Backend } from "@engine/wavediffusion.js";
import { TRACES } from "./display";
import { COLORS } from "./draw/colormap";
import { TOOLS } from "./drawing/tools";
import { DEFAULTS, isData, MODES, type Settings, usesDrawing } from "./settings";
import { SLIDES } from "./story/slides";
import { STOPS } from "./story/stops";

const BACKENDS: readonly Backend[] = ["webgpu", "flex"];

/** Most maps of an inversion, and most rounds that refine it, of which each makes a map more. */
const MAPS = 16;
const ROUNDS = 24;

/** Smallest and largest value of each number, for the address and the controls alike. */
export const LIMITS = {
  seed: [0, 0xffff_ffff],
  steps: [1, 50],
  step: [0, 50],
  guidance: [0, 8],
  maps: [1, MAPS],
  map: [0, MAPS + ROUNDS - 1],
  spread: [0.05, 1],
  rounds: [0, ROUNDS],
  shot: [0, 999],
  gain: [1, 1000],
  speed: [100, 10_000],
  radius: [10, 300],
  throw: [-300, 300],
  points: [2, 25],
  point: [0, 24],
  present: [0, SLIDES.length],
  pace: [1, 600],
  tour: [0, STOPS.length],
  rate: [0.05, 4],
  frame: [0, 9999],
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
    // -0 is 0.
    return fits ? value + 0 : undefined;
  },
  format: String,
});

const oneOf = <T extends string>(values: readonly T[]): Parameter<T> => ({
  parse: (text) => values.find((value) => value === text),
  format: String,
});

const flag: Parameter<boolean> = {
  parse: (text) => (text === "1" ? true : text === "0" ? false : undefined),
  format: (set) => (set ? "1" : "0"),
};

const AUTO = "auto";

/** A choice that can be left to the page. */
const orAuto = <T>({ parse, format }: Parameter<T>): Parameter<T | null> => ({
  parse: (text) => (text === AUTO ? null : parse(text)),
  format: (value) => (value === null ? AUTO : format(value)),
});

/** What need not be there, and is then not named. */
const orNone = <T>({ parse, format }: Parameter<T>): Parameter<T | null> => ({
  parse: (text) => parse(text),
  format: (value) => (value === null ? "" : format(value)),
});

/** A map's text; which map it stands for is seen when the number of its cells is known. */
const MAP = /^[\w-]{1,32768}$/;

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
  step: number(LIMITS.step, true),
  maps: number(LIMITS.maps, true),
  spread: number(LIMITS.spread, false),
  rounds: number(LIMITS.rounds, true),
  data: {
    // A name becomes a file's address: none but ours.
    parse: (text) => (isData(text) ? text : undefined),
    format: String,
  },
  drawn: orNone({ parse: (text) => (MAP.test(text) ? text : undefined), format: String }),
  map: orAuto(number(LIMITS.map, true)),
  shot: number(LIMITS.shot, true),
  backend: orAuto(oneOf(BACKENDS)),
  load: flag,
  run: flag,
  colors: oneOf(COLORS),
  traces: oneOf(TRACES),
  gain: orAuto(number(LIMITS.gain, false)),
  mute: flag,
  present: number(LIMITS.present, true),
  kiosk: flag,
  pace: number(LIMITS.pace, false),
  embed: flag,
  bare: flag,
  tour: number(LIMITS.tour, true),
  rate: number(LIMITS.rate, false),
  frame: orNone(number(LIMITS.frame, true)),
  tool: oneOf(TOOLS),
  speed: number(LIMITS.speed, false),
  radius: number(LIMITS.radius, false),
  throw: number(LIMITS.throw, false),
  toward: number(LIMITS.seed, true),
  points: number(LIMITS.points, true),
  point: number(LIMITS.point, true),
};

const KEYS = Object.keys(PARAMETERS) as (keyof Settings)[];

/**
 * What stands in the fragment, which browsers keep to themselves: a map takes thousands of letters, more than some servers
 * let a request have.
 */
const FRAGMENT: readonly (keyof Settings)[] = ["drawn"];

/** The parameters of an address's query and of its fragment. */
function parameters(address: string): { query: URLSearchParams; fragment: URLSearchParams } {
  const [query = "", ...fragment] = address.split("#");
  return { query: new URLSearchParams(query), fragment: new URLSearchParams(fragment.join("#")) };
}

/** The settings that an address names, from its query on. */
export function parseAddress(address: string): Partial<Settings> {
  const { query, fragment } = parameters(address);
  const settings: Partial<Settings> = {};
  const read = <K extends keyof Settings>(key: K) => {
    const text = (FRAGMENT.includes(key) ? fragment : query).get(key);
    const value = text === null ? undefined : PARAMETERS[key].parse(text);
    if (value !== undefined) settings[key] = value;
  };
  KEYS.forEach(read);
  return settings;
}

/** What an address always names: the weights decide what stands where it does not. */
const ALWAYS: readonly (keyof Settings)[] = ["mode", "family", "seed", "steps", "guidance"];

/**
 * The address, from its query on, that stands for the settings, without those that stand anyway; what is not ours in the
 * one that is given stays.
 */
export function formatAddress(settings: Settings, address: string): string {
  const { query, fragment } = parameters(address);
  const write = <K extends keyof Settings>(key: K) => {
    const { format } = PARAMETERS[key];
    const text = format(settings[key]);
    const matters = key !== "drawn" || usesDrawing(settings);
    const [place, other] = FRAGMENT.includes(key) ? [fragment, query] : [query, fragment];
    other.delete(key);
    if (ALWAYS.includes(key) || (matters && text !== format(DEFAULTS[key]))) place.set(key, text);
    else place.delete(key);
  };
  KEYS.forEach(write);
  const behind = fragment.toString();
  return `?${query}${behind && `#${behind}`}`;
}
