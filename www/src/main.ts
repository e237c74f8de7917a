/** Puts the page together: state, views, address and engine. */

import "uplot/dist/uPlot.min.css";
import { given } from "./address";
import { createCommands } from "./commands";
import { find, rest } from "./dom";
import { createPredictor } from "./drawing/predictor";
import { createDrop } from "./drop";
import { createEngineClient } from "./engine/client";
import { open } from "./engine/download";
import { describe } from "./engine/failure";
import { fetchExample } from "./example";
import { createKeys } from "./keys";
import { type Manifest, parseManifest } from "./manifest";
import { createMute } from "./mute";
import { createOffline } from "./offline";
import { createOwn } from "./own";
import { createPassing } from "./passing";
import { createPlayer, createStill } from "./player";
import { DEFAULTS, type Settings } from "./settings";
import { inSlices } from "./slices";
import { initialState } from "./state";
import { createStore, type View } from "./store";
import { createPresenter } from "./story/presenter";
import { createTour } from "./story/tour";
import { parseAddress } from "./url";
import { createControls } from "./views/controls";
import { createAnswered, createDrawing } from "./views/drawing";
import { createEngineBadge, createErrorLine, createFreshness } from "./views/engine";
import { createGallery } from "./views/gallery";
import { createGathers } from "./views/gathers";
import { createGround } from "./views/ground";
import { createHow } from "./views/how";
import { createInversion } from "./views/inversion";
import { createFrame, createModes } from "./views/modes";
import { createMorph, createMorphed } from "./views/morph";
import { createPath } from "./views/path";
import { createSave } from "./views/save";
import { createTimings } from "./views/timings";
import { createVerdict } from "./views/verdict";

const WEIGHTS = new URL("./weights/", document.baseURI);

const darkScheme = matchMedia("(prefers-color-scheme: dark)");
const store = createStore(initialState({ ...DEFAULTS, ...parseAddress(given()) }, darkScheme.matches));
darkScheme.addEventListener("change", () => store.dispatch({ type: "theme", dark: darkScheme.matches }));

let manifest: Manifest | null = null;
const engine = createEngineClient(store.dispatch);
const commands = createCommands(store, engine, () => void load(), defaults);

/** Everything that draws from the state, in the order in which it appears. */
const PARTS: readonly (() => View | readonly View[])[] = [
  () => createModes(find("#modes"), find("main"), commands),
  () => createControls(find<HTMLFormElement>("#controls"), commands),
  () => createEngineBadge(find("#engine")),
  () => createErrorLine(find("#error"), commands),
  () => createFreshness(find("main")),
  () => createGround(find("#ground"), commands),
  () => createGathers(find("#gathers"), commands),
  () => createVerdict(find("#verdict")),
  () => createPath(find("#path"), commands),
  () => createTimings(find("#timings")),
  () => createGallery(find("#gallery"), commands),
  () => createInversion(find("#inversion"), commands),
  () => createDrawing(find("#drawing"), find("#ground"), commands),
  () => createAnswered(find("main")),
  () => createMorphed(find("main")),
  () => createMorph(find("#morph"), find("#way"), commands),
  () => createSave(find("#save"), find<HTMLDialogElement>("#code"), commands),
  () => createHow(find<HTMLDialogElement>("#how"), find("#open-how")),
  () => createFrame(document.body, find("#whole")),
];

/** What is done with it besides. */
const HABITS: readonly (() => unknown)[] = [
  () => createPlayer(store),
  () => createStill(store, engine, commands),
  () => createOwn(store),
  () => createDrop(store, commands),
  () => createOffline(store),
  () => createPredictor(store, engine),
  () => createPassing(store, engine),
  () => createMute(store, (velocity) => void engine.directWave(velocity)),
  () => createPresenter(find("#story"), store, commands),
  () => createTour(find("#open-tour"), store, commands),
  () => createKeys(find<HTMLDialogElement>("#help"), store, commands),
];

/** Puts the page on screen, in pieces, so that it never keeps the visitor waiting. */
async function assemble(): Promise<void> {
  await inSlices(
    PARTS.map((part) => () => {
      for (const view of [part()].flat()) store.subscribe(view);
    }),
  );
  find("main").hidden = false;
  await inSlices(HABITS);
}

/** The settings of an address that names none: the example's, once they are known. */
function defaults(): Settings {
  if (!manifest) return DEFAULTS;
  const { family, seed, steps, guidance } = manifest.example;
  return { ...DEFAULTS, family, seed, steps, guidance };
}

/** First the example, so that there is something to see; then the engine, with its megabytes. */
async function start(): Promise<void> {
  manifest = parseManifest(await (await open(new URL("manifest.json", WEIGHTS))).text());
  store.dispatch({ type: "settings", settings: { ...defaults(), ...parseAddress(given()) } });
  store.dispatch({ type: "manifest", manifest });
  try {
    const example = await fetchExample(manifest, WEIGHTS);
    await inSlices(store.change({ type: "example", example }));
  } catch (thrown) {
    store.dispatch({ type: "notice", error: describe(thrown) });
  }
  await rest();
  if (store.state().settings.load) await load();
  else store.dispatch({ type: "skipped" });
}

/** Fetches the engine; the manifest first, where even that is missing. */
async function load(): Promise<void> {
  store.dispatch({ type: "fetching" });
  if (!manifest) return begin();
  await engine.load(manifest, WEIGHTS, store.state().settings.backend);
  const { settings, engine: loaded } = store.state();
  // A link to a result computes it; a presentation begins what it needs itself.
  if (loaded && settings.run && settings.present === 0 && !settings.kiosk && settings.mode !== "draw")
    commands.resume();
}

const begin = () =>
  start().catch((thrown: unknown) => store.dispatch({ type: "failed", error: describe(thrown), fatal: true }));

/** The page could not be put together: a browser without what it is made of. */
function broken(thrown: unknown): void {
  const line = find("#error");
  line.textContent = `This browser cannot show the page: ${describe(thrown).message}`;
  line.hidden = find("main").hidden = false;
}

assemble().then(begin, broken);
