/** Keeps the page for visits without a network, once the engine has loaded and the line is free. */

import { type Store, watching } from "./store";

export function createOffline(store: Store): void {
  store.subscribe(
    watching(
      (state) => [state.engine !== null],
      (loaded) => {
        // Browsers have service workers over https and on localhost; private windows may refuse them.
        if (!loaded || !import.meta.env.PROD || !("serviceWorker" in navigator)) return;
        navigator.serviceWorker
          .register(new URL("sw.js", document.baseURI))
          .then(() => navigator.serviceWorker.ready)
          .then(() => store.dispatch({ type: "kept" }))
          .catch(() => undefined);
      },
    ),
  );
}
