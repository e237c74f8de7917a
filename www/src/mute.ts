/** Has the engine find the direct wave of the map on screen while it is to be left out. */

import { type State, shown } from "./state";
import { type Store, watching } from "./store";

export function createMute(store: Store, find: (velocity: Float32Array) => void): void {
  store.subscribe(
    watching(
      (state) => [state.settings.mute && state.engine !== null && state.phase !== "running", resting(state)],
      (wanted, velocity) => {
        if (wanted && velocity && store.state().directWave?.velocity !== velocity) find(velocity);
      },
    ),
  );
}

/** The map on screen, but for one with a stroke under way. */
function resting(state: State): Float32Array | undefined {
  const velocity = shown(state)?.velocity;
  return state.settings.mode === "draw" && velocity !== state.drawing?.map ? undefined : velocity;
}
