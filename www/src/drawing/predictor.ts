/** Has the engine simulate what was drawn, and the model predict it, whenever the drawing rests. */

import type { Store } from "../store";
import type { Drawing } from "./drawing";

/** Milliseconds without a new stroke before the engine is asked. */
const REST = 250;

export interface Predicts {
  predict(velocity: Float32Array): Promise<void>;
  cancel(): Promise<void>;
}

/** The last whole map is neither judged nor with the engine. */
const needsAnswer = ({ map, asked, answered }: Drawing) => asked !== map && answered !== map;

export function createPredictor(store: Store, engine: Predicts): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitsFor: Float32Array | null = null;
  let working = false;

  const ask = (velocity: Float32Array) => {
    working = true;
    void engine.predict(velocity).finally(() => {
      working = false;
      look();
    });
  };
  const look = () => {
    const { settings, engine: loaded, phase, drawing } = store.state();
    const free = settings.mode === "draw" && loaded !== null && phase !== "running";
    const map = free && drawing && needsAnswer(drawing) ? drawing.map : null;
    if (map === waitsFor) return;
    clearTimeout(timer);
    waitsFor = map;
    if (!map) return;
    timer = setTimeout(() => {
      waitsFor = null;
      // What is under way is of an earlier map; its end looks again.
      if (working) void engine.cancel();
      else ask(map);
    }, REST);
  };
  store.subscribe(look);
}
