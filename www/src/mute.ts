/** Has the engine find the direct wave of the map on screen while it is to be left out. */

import { shown } from "./state";
import { type Store, watching } from "./store";

export function createMute(store: Store, find: (velocity: Float32Array) => void): void {
  store.subscribe(
    watching(
      (state) => [state.settings.mute && state.engine !== null && state.phase !== "running", shown(state)?.velocity],
      (wanted, velocity) => {
        if (wanted && velocity && store.state().directWave?.velocity !== velocity) find(velocity);
      },
    ),
  );
}
