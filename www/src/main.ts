/** Puts the page together: state, views, address and engine. */

import "uplot/dist/uPlot.min.css";
import { DISPLAY } from "./display";
import { download, find } from "./dom";
import { simulatedOf } from "./drawing/drawing";
import { createPredictor } from "./drawing/predictor";
import { levelLayers, PENCIL } from "./drawing/tools";
import { createEngineClient } from "./engine/client";
import { open } from "./engine/download";
import { describe } from "./engine/failure";
import { fetchExample } from "./example";
import { drawFigure } from "./figure/figure";
import { toFile, toPng } from "./figure/svg";
import { createKeys } from "./keys";
import { parseManifest } from "./manifest";
import { WAY, wayOf } from "./morph";
import { createMute } from "./mute";
import { createOffline } from "./offline";
import { createPlayer } from "./player";
import {
  filmFits,
  GALLERY,
  initialState,
  invertRequestOf,
  PREPARED,
  requestOf,
  type Sample,
  type Settings,
  shown,
} from "./state";
import { createStore } from "./store";
import { createPresenter } from "./story/presenter";
import { STAGE } from "./story/stage";
import { formatQuery, LIMITS, parseQuery } from "./url";
import type { Commands } from "./views/commands";
import { createControls } from "./views/controls";
import { createAnswered, createDrawing } from "./views/drawing";
import { createEngineBadge, createErrorLine, createFreshness } from "./views/engine";
import { createGallery } from "./views/gallery";
import { createGathers } from "./views/gathers";
import { createGround } from "./views/ground";
import { createHow } from "./views/how";
import { createInversion } from "./views/inversion";
import { createEmbedded, createModes } from "./views/modes";
import { createMorph, createMorphed } from "./views/morph";
import { createPath } from "./views/path";
import { createSave } from "./views/save";
import { createTimings } from "./views/timings";
import { createVerdict } from "./views/verdict";

const WEIGHTS = new URL("./weights/", document.baseURI);
const HELD_OUT = new URL("./prepared/", document.baseURI);

/** What stands until the manifest tells the example's settings. */
const DEFAULTS: Settings = {
  mode: "generate",
  family: null,
  seed: 1,
  steps: 16,
  guidance: 1.5,
  path: true,
  maps: 6,
  spread: 0.4,
  prepared: PREPARED[1],
  shot: 2,
  backend: null,
  ...STAGE,
  ...DISPLAY,
  ...PENCIL,
  ...WAY,
};

/** Layers of the plain map to draw on. */
const LEVEL_LAYERS = 5;

/** Pixels of a PNG figure for each unit of its size. */
const PNG_SCALE = 2;

/** What files of a pair are called. */
function nameOf({ origin, family, seed, toward }: Sample): string {
  if (origin === "inverted" || origin === "drawn") return origin;
  return `${family ?? "any"}-${seed}${toward ? `-${toward.seed}-${toward.fraction}` : ""}`;
}

const darkScheme = matchMedia("(prefers-color-scheme: dark)");
const store = createStore(initialState({ ...DEFAULTS, ...parseQuery(location.search) }, darkScheme.matches));
darkScheme.addEventListener("change", () => store.dispatch({ type: "theme", dark: darkScheme.matches }));

const engine = createEngineClient(store.dispatch);

const commands: Commands = {
  set(settings) {
    const wasPlaying = store.state().film?.playing ?? false;
    store.dispatch({ type: "settings", settings });
    const address = formatQuery(store.state().settings, location.search) + location.hash;
    // A mode is a place that one goes back from; a slider is not.
    if (settings.mode) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    if (settings.shot !== undefined && wasPlaying) commands.play();
  },
  run() {
    const { settings, inverted } = store.state();
    const request = requestOf(settings);
    if (settings.mode === "generate") void engine.generate(request);
    else if (settings.mode === "gallery") {
      const seeds = Array.from({ length: GALLERY }, (_, i) => (settings.seed + i) % (LIMITS.seed[1] + 1));
      void engine.gallery(seeds.map((seed) => ({ ...request, seed, path: false })));
    } else if (settings.mode === "morph") void engine.morph(wayOf(request, settings));
    else if (settings.mode === "draw") invertDrawing();
    else if (settings.prepared !== null) {
      const file = new URL(`${settings.prepared}.npy`, HELD_OUT);
      void engine.invertPrepared(settings.prepared, file, invertRequestOf(settings));
    } else if (inverted) void engine.invert(inverted.given, invertRequestOf(settings));
  },
  open(pair) {
    store.dispatch({ type: "open", pair });
    commands.set({ mode: "generate" });
  },
  give(file) {
    void engine.give(file).then((taken) => {
      if (taken) commands.set({ prepared: null });
    });
  },
  save(what) {
    const sample = shown(store.state());
    const values = what === "velocity" ? sample?.velocity : sample?.gathers[what];
    if (!sample || !values) return;
    void engine.toNpy(what === "velocity" ? "velocity" : "gathers", values).then((file) => {
      if (file) download(file, `${nameOf(sample)}-${what}.npy`);
    });
  },
  figure(format) {
    const sample = shown(store.state());
    const svg = drawFigure(store.state());
    if (!sample || !svg) return;
    const offer = (file: Blob) => download(file, `${nameOf(sample)}.${format}`);
    const fail = (thrown: unknown) => store.dispatch({ type: "notice", error: describe(thrown) });
    if (format === "svg") offer(toFile(svg));
    else toPng(svg, PNG_SCALE).then(offer, fail);
  },
  copy: (text) =>
    navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    ),
  draw: (change) => store.dispatch({ type: "drawing", change }),
  drawPair() {
    const { sample } = store.state();
    if (sample) commands.draw({ type: "start", velocity: sample.velocity });
  },
  drawLayers() {
    const { grid, speeds } = store.state();
    if (grid && speeds) commands.draw({ type: "start", velocity: levelLayers(grid, speeds, LEVEL_LAYERS) });
  },
  giveMap(file) {
    void engine.giveMap(file);
  },
  choose: (index) => store.dispatch({ type: "choose", index }),
  cancel() {
    void engine.cancel();
  },
  play() {
    const { film, settings } = store.state();
    const sample = shown(store.state());
    if (!sample) return;
    if (!filmFits(film, sample.velocity, settings.shot)) void engine.film(sample.velocity, settings.shot);
    else {
      if (film.frames && film.frame === film.frames.frames - 1) store.dispatch({ type: "seek", frame: 0 });
      store.dispatch({ type: "play", playing: true });
    }
  },
  pause: () => store.dispatch({ type: "play", playing: false }),
  seek: (frame) => store.dispatch({ type: "seek", frame }),
  point: (pointer) => store.dispatch({ type: "point", pointer }),
};

/** Hands the drawn map's gathers to the inversion, which then knows the truth. */
function invertDrawing(): void {
  const { drawing, settings } = store.state();
  const gathers = drawing && simulatedOf(drawing);
  if (!gathers) return;
  const given = { name: "what was drawn", gathers, truth: drawing.map };
  store.dispatch({ type: "given", given });
  commands.set({ mode: "invert", prepared: null });
  void engine.invert(given, invertRequestOf(settings));
}

for (const view of [
  ...createModes(find("#modes"), find("main"), commands),
  ...createControls(find<HTMLFormElement>("#controls"), commands),
  createEngineBadge(find("#engine")),
  createErrorLine(find("#error")),
  createFreshness(find("main")),
  ...createGround(find("#ground"), commands),
  ...createGathers(find("#gathers"), commands),
  ...createVerdict(find("#verdict")),
  createPath(find("#path")),
  createTimings(find("#timings")),
  ...createGallery(find("#gallery"), commands),
  ...createInversion(find("#inversion"), commands),
  ...createDrawing(find("#drawing"), find("#ground"), commands),
  createAnswered(find("main")),
  createMorphed(find("main")),
  ...createMorph(find("#morph"), find("#way"), commands),
  createSave(find("#save"), commands),
  createHow(find<HTMLDialogElement>("#how"), find("#open-how")),
  createEmbedded(document.body),
]) {
  store.subscribe(view);
}
find("main").hidden = false;
createPlayer(store);
createOffline(store);
createPredictor(store, engine);
createMute(store, (velocity) => void engine.directWave(velocity));
createPresenter(find("#story"), store, commands);
createKeys(find<HTMLDialogElement>("#help"), store, commands);

addEventListener("popstate", () => store.dispatch({ type: "settings", settings: parseQuery(location.search) }));

/** First the example, so that there is something to see; then the engine, with its megabytes. */
async function start(): Promise<void> {
  const manifest = parseManifest(await (await open(new URL("manifest.json", WEIGHTS))).text());
  const { family, seed, steps, guidance } = manifest.example;
  store.dispatch({ type: "settings", settings: { family, seed, steps, guidance, ...parseQuery(location.search) } });
  store.dispatch({ type: "manifest", manifest });
  await fetchExample(manifest, WEIGHTS).then(
    (example) => store.dispatch({ type: "example", example }),
    (thrown: unknown) => store.dispatch({ type: "notice", error: describe(thrown) }),
  );
  await engine.load(manifest, WEIGHTS, store.state().settings.backend);
}

start().catch((thrown: unknown) => store.dispatch({ type: "failed", error: describe(thrown), fatal: true }));
