/** Moves the wavefield film on while it plays, and keeps in the address where it stands. */

import type { EngineClient } from "./engine/client";
import { filmFits } from "./film";
import { shown } from "./state";
import { type Store, watching } from "./store";
import type { Commands } from "./views/commands";

/** Seconds that the whole film takes at its usual speed. */
const DURATION = 6;

export function createPlayer(store: Store): void {
  let before: number | null = null;
  let position = 0;
  let scheduled = false;

  const tick = (now: number) => {
    scheduled = false;
    const { film, settings } = store.state();
    if (!filmFits(film, shown(store.state())?.velocity, settings.shot) || !film.playing || !film.frames) {
      before = null;
      return;
    }
    const last = film.frames.frames - 1;
    if (before === null || Math.floor(position) !== film.frame) position = film.frame;
    else position += ((now - before) / 1000 / DURATION) * settings.rate * last;
    before = now;
    store.dispatch({ type: "film", change: { type: "seek", frame: Math.floor(position) } });
    if (position >= last) store.dispatch({ type: "film", change: { type: "play", playing: false } });
    schedule();
  };
  const schedule = () => {
    if (!scheduled) requestAnimationFrame(tick);
    scheduled = true;
  };
  store.subscribe(({ film }) => {
    if (film?.playing && film.frames) schedule();
  });
}

/** The film stands where the settings say, and the settings say where it stands. */
export function createStill(store: Store, engine: EngineClient, commands: Commands): void {
  /** What was asked for, so that a film that cannot be had is not asked for again. */
  let asked: { velocity: Float32Array; shot: number; frame: number } | null = null;

  const bring = () => {
    const { settings, film, phase, engine: loaded } = store.state();
    const { frame, shot } = settings;
    const velocity = shown(store.state())?.velocity;
    if (frame === null || !velocity || !loaded || phase === "running") return;
    if (filmFits(film, velocity, shot)) {
      if (film.frames && !film.playing && film.frame !== frame)
        store.dispatch({ type: "film", change: { type: "seek", frame } });
    } else if (asked?.velocity !== velocity || asked.shot !== shot || asked.frame !== frame) {
      asked = { velocity, shot, frame };
      void engine.film(velocity, shot, frame);
    }
  };
  const keep = () => {
    const { settings, film } = store.state();
    if (!filmFits(film, shown(store.state())?.velocity, settings.shot) || !film.frames || film.playing) return;
    if (film.frame !== settings.frame) commands.set({ frame: film.frame });
  };
  // Not from within a dispatch: views are still drawing.
  store.subscribe(
    watching(
      (state) => [state.settings.frame, state.settings.shot, shown(state), state.engine, state.phase],
      () => queueMicrotask(bring),
    ),
  );
  store.subscribe(
    watching(
      (state) => [state.film],
      () => queueMicrotask(keep),
    ),
  );
}
