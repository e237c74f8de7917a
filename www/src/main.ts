/** Puts the page together: state, views, address and engine. */

import "uplot/dist/uPlot.min.css";
import { find } from "./dom";
import { createEngineClient } from "./engine/client";
import { open } from "./engine/download";
import { describe } from "./engine/failure";
import { fetchExample } from "./example";
import { parseManifest } from "./manifest";
import { createPlayer } from "./player";
import { filmFits, initialState, requestOf, type Settings } from "./state";
import { createStore } from "./store";
import { formatQuery, parseQuery } from "./url";
import type { Commands } from "./views/commands";
import { createControls } from "./views/controls";
import { createEngineBadge, createErrorLine, createFreshness } from "./views/engine";
import { createGathers } from "./views/gathers";
import { createGround } from "./views/ground";
import { createPath } from "./views/path";
import { createTimings } from "./views/timings";
import { createVerdict } from "./views/verdict";

const WEIGHTS = new URL("./weights/", document.baseURI);

/** What stands until the manifest tells the example's settings. */
const DEFAULTS: Settings = { family: null, seed: 1, steps: 16, guidance: 1.5, path: true, shot: 2, backend: null };

const darkScheme = matchMedia("(prefers-color-scheme: dark)");
const store = createStore(initialState({ ...DEFAULTS, ...parseQuery(location.search) }, darkScheme.matches));
darkScheme.addEventListener("change", () => store.dispatch({ type: "theme", dark: darkScheme.matches }));

const engine = createEngineClient(store.dispatch);

const commands: Commands = {
  set(settings) {
    const wasPlaying = store.state().film?.playing ?? false;
    store.dispatch({ type: "settings", settings });
    history.replaceState(null, "", formatQuery(store.state().settings, location.search) + location.hash);
    if (settings.shot !== undefined && wasPlaying) commands.play();
  },
  generate() {
    void engine.generate(requestOf(store.state().settings));
  },
  cancel() {
    void engine.cancel();
  },
  play() {
    const { film, sample, settings } = store.state();
    if (!sample) return;
    if (!filmFits(film, sample.velocity, settings.shot)) void engine.film(sample.velocity, settings.shot);
    else {
      if (film.frames && film.frame === film.frames.frames - 1) store.dispatch({ type: "seek", frame: 0 });
      store.dispatch({ type: "play", playing: true });
    }
  },
  pause: () => store.dispatch({ type: "play", playing: false }),
  seek: (frame) => store.dispatch({ type: "seek", frame }),
};

for (const view of [
  ...createControls(find<HTMLFormElement>("#controls"), commands),
  createEngineBadge(find("#engine")),
  createErrorLine(find("#error")),
  createFreshness(find("main")),
  ...createGround(find("#ground"), commands),
  ...createGathers(find("#gathers"), commands),
  ...createVerdict(find("#verdict")),
  createPath(find("#path")),
  createTimings(find("#timings")),
]) {
  store.subscribe(view);
}
createPlayer(store);

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
