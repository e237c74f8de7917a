/** Keeps the address and the settings the same, so that a link shows what the page shows. */

import type { Settings } from "./settings";
import type { Store } from "./store";
import { formatQuery, parseQuery } from "./url";

/** Milliseconds between two writings: browsers refuse more than some hundred in half a minute. */
const PAUSE = 300;

export interface Address {
  /** Writes the settings into the address; as a place that one can go back from, or over the present one. */
  write(place: boolean): void;
}

/** `defaults` are what an address stands for that names nothing. */
export function createAddress(store: Store, defaults: () => Settings): Address {
  let next = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const query = () => formatQuery(store.state().settings, location.search) + location.hash;
  const replace = () => {
    timer = undefined;
    next = performance.now() + PAUSE;
    history.replaceState(null, "", query());
  };
  addEventListener("popstate", () => {
    clearTimeout(timer);
    timer = undefined;
    store.dispatch({ type: "settings", settings: { ...defaults(), ...parseQuery(location.search) } });
  });
  return {
    write(place) {
      if (place) {
        clearTimeout(timer);
        timer = undefined;
        history.pushState(null, "", query());
      } else if (performance.now() >= next) replace();
      else timer ??= setTimeout(replace, next - performance.now());
    },
  };
}
