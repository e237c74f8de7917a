/** Does what the views ask for. */

import { createAddress, given } from "./address";
import { download } from "./dom";
import { simulatedOf } from "./drawing/drawing";
import { levelLayers } from "./drawing/tools";
import type { EngineClient } from "./engine/client";
import { describe } from "./engine/failure";
import { drawFigure } from "./figure/figure";
import { toFile, toPng } from "./figure/svg";
import { filmFits } from "./film";
import { wayOf } from "./morph";
import { keepGathers } from "./own";
import { type Sample, UNWATCHED } from "./sample";
import { DRAWN, DRAWN_NAME, GALLERY, invertRequestOf, isOwn, requestOf, type Settings } from "./settings";
import { onScreen, shown } from "./state";
import type { Store } from "./store";
import { formatAddress, LIMITS } from "./url";
import type { Commands } from "./views/commands";
import { kindName } from "./views/gather";

const HELD_OUT = new URL("./prepared/", document.baseURI);

/** Settings that put another map on the panels. */
const MAPS: readonly (keyof Settings)[] = ["mode", "step", "map", "point"];

/** Layers of the plain map to draw on. */
const LEVEL_LAYERS = 5;

/** Pixels of a PNG figure for each unit of its size. */
const PNG_SCALE = 2;

/** What files of a pair are called. */
function nameOf({ origin, family, seed, toward, step, steps }: Sample): string {
  if (origin === "inverted" || origin === "drawn") return origin;
  const way = toward ? `-${toward.seed}-${toward.fraction}` : "";
  return `${family ?? "any"}-${seed}${way}${step < steps ? `-step-${step}` : ""}`;
}

/** `load` fetches the engine; `defaults` are the settings of an address that names none. */
export function createCommands(
  store: Store,
  engine: EngineClient,
  load: () => void,
  defaults: () => Settings,
): Commands {
  const address = createAddress(store, defaults);
  const { dispatch } = store;

  /** Begins what the settings stand for. */
  const begin = () => {
    const { settings } = store.state();
    const request = requestOf(settings);
    if (settings.mode === "generate") void engine.generate(request);
    else if (settings.mode === "gallery") {
      const seeds = Array.from({ length: GALLERY }, (_, i) => (settings.seed + i) % (LIMITS.seed[1] + 1));
      void engine.gallery(seeds.map((seed) => ({ ...request, ...UNWATCHED, seed })));
    } else if (settings.mode === "morph") void engine.morph(wayOf(request, settings));
    else if (settings.mode === "draw") {
      commands.set({ mode: "invert", data: DRAWN });
      invert(DRAWN);
    } else invert(settings.data);
  };

  /** Inverts the gathers that a setting stands for. Those of a map are inverted knowing the truth. */
  const invert = (data: string) => {
    const { settings, drawing, inverted } = store.state();
    const request = invertRequestOf(settings);
    if (isOwn(data)) {
      if (inverted?.given.data === data) void engine.invert(inverted.given, request);
    } else if (data !== DRAWN) {
      void engine.invertMap({ data, name: data }, new URL(`${data}.npy`, HELD_OUT), request);
    } else if (drawing) {
      const of = { data, name: DRAWN_NAME };
      const [truth, gathers] = [drawing.map, simulatedOf(drawing)];
      void (gathers ? engine.invert({ ...of, gathers, truth }, request) : engine.invertMap(of, truth, request));
    }
  };

  const commands: Commands = {
    set(settings) {
      const wasPlaying = store.state().film?.playing ?? false;
      const other = MAPS.some((key) => settings[key] !== undefined);
      dispatch({ type: "settings", settings: other ? { frame: null, ...settings } : settings });
      // A mode is a place that one goes back from; a slider is not.
      address.write(settings.mode !== undefined);
      if (settings.shot !== undefined && wasPlaying) commands.play();
    },
    load() {
      commands.set({ load: true });
      load();
    },
    skip() {
      engine.skip();
      commands.set({ load: false });
    },
    run() {
      commands.set({ run: true, step: 0, map: null });
      begin();
    },
    resume: begin,
    open(pair) {
      dispatch({ type: "open", pair });
      commands.set({ mode: "generate" });
    },
    async give(file) {
      const gathers = await engine.readGathers(file);
      if (!gathers) return;
      const given = await keepGathers(file.name, gathers);
      dispatch({ type: "given", given });
      commands.set({ data: given.data });
    },
    save(what) {
      const sample = shown(store.state());
      const values = what === "velocity" ? sample?.velocity : sample?.gathers[what];
      if (!sample || !values) return;
      void engine.toNpy(what === "velocity" ? "velocity" : "gathers", values).then((file) => {
        if (file) download(file, `${nameOf(sample)}-${kindName(what, store.state().settings.mode)}.npy`);
      });
    },
    figure(format) {
      const sample = shown(store.state());
      const svg = drawFigure(store.state());
      if (!sample || !svg) return;
      const offer = (file: Blob) => download(file, `${nameOf(sample)}.${format}`);
      const fail = (thrown: unknown) => dispatch({ type: "notice", error: describe(thrown) });
      if (format === "svg") offer(toFile(svg));
      else toPng(svg, PNG_SCALE).then(offer, fail);
    },
    link: () => new URL(formatAddress(onScreen(store.state()), given()), location.href).href,
    async copy(text) {
      try {
        // Not there at all over plain http.
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        return false;
      }
    },
    draw(change) {
      dispatch({ type: "drawing", change });
      // A stroke under way is not in the address yet.
      if (change.type !== "stroke") commands.set({ frame: null });
    },
    drawPair() {
      const { sample } = store.state();
      if (sample) commands.draw({ type: "start", velocity: sample.velocity });
    },
    drawLayers() {
      const { grid } = store.state();
      if (grid) commands.draw({ type: "start", velocity: levelLayers(grid, grid.speeds, LEVEL_LAYERS) });
    },
    async giveMap(file) {
      const velocity = await engine.readMap(file);
      if (velocity) commands.draw({ type: "start", velocity });
    },
    choose(index) {
      dispatch({ type: "choose", index });
      commands.set({ map: index });
    },
    cancel() {
      void engine.cancel();
    },
    play() {
      const { film, settings } = store.state();
      const sample = shown(store.state());
      if (!sample) return;
      commands.set({ frame: null });
      if (!filmFits(film, sample.velocity, settings.shot)) void engine.film(sample.velocity, settings.shot);
      else {
        if (film.frames && film.frame === film.frames.frames - 1) commands.seek(0);
        dispatch({ type: "film", change: { type: "play", playing: true } });
      }
    },
    pause: () => dispatch({ type: "film", change: { type: "play", playing: false } }),
    seek: (frame) => dispatch({ type: "film", change: { type: "seek", frame } }),
    shift(frames) {
      const { film, settings } = store.state();
      if (!filmFits(film, shown(store.state())?.velocity, settings.shot) || !film.frames) return;
      commands.pause();
      commands.seek(film.frame + frames);
    },
    pass(step) {
      const { sample, trail } = store.state();
      if (sample && trail.length > 0) commands.set({ step: step < sample.steps ? Math.max(1, step) : 0 });
    },
    passBy: (steps) => commands.pass((shown(store.state())?.step ?? 0) + steps),
    point: (pointer) => dispatch({ type: "point", pointer }),
  };
  return commands;
}
