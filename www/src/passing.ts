/** Has the engine simulate the map of a denoising step that is looked at for a while. */

import { type State, shown } from "./state";
import { type Store, watching } from "./store";

/** Milliseconds that a step must stay on screen. */
const REST = 200;

export interface Simulates {
  simulate(velocity: Float32Array): Promise<void>;
}

export function createPassing(store: Store, engine: Simulates): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  store.subscribe(
    watching(
      (state) => [unsimulated(state)],
      (velocity) => {
        clearTimeout(timer);
        if (velocity) timer = setTimeout(() => void engine.simulate(velocity), REST);
      },
    ),
  );
}

/** The map of the step on screen, while its gathers are unknown and the engine is free. */
function unsimulated(state: State): Float32Array | null {
  const sample = shown(state);
  const wanted = sample?.origin === "passing" && !sample.gathers.simulated;
  return wanted && state.engine && state.phase !== "running" ? sample.velocity : null;
}
