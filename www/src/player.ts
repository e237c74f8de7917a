/** Moves the wavefield film on while it plays. */

import { filmFits } from "./film";
import { shown } from "./state";
import type { Store } from "./store";

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
