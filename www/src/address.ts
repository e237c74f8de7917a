/** Keeps the address and the settings the same, so that a link shows what the page shows. */

import type { Settings } from "./settings";
import type { Store } from "./store";
import { formatAddress, parseAddress } from "./url";

/** Milliseconds between two writings: browsers refuse more than some hundred in half a minute. */
const PAUSE = 300;

export interface Address {
  /** Writes the settings into the address; as a place that one can go back from, or over the present one. */
  write(place: boolean): void;
}

/** The page's address from its query on. */
export function given(): string {
  return location.search + location.hash;
}

/** `defaults` are what an address stands for that names nothing. */
export function createAddress(store: Store, defaults: () => Settings): Address {
  let next = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const address = () => formatAddress(store.state().settings, given());
  const replace = () => {
    timer = undefined;
    next = performance.now() + PAUSE;
    history.replaceState(null, "", address());
  };
  addEventListener("popstate", () => {
    clearTimeout(timer);
    timer = undefined;
    store.dispatch({ type: "settings", settings: { ...defaults(), ...parseAddress(given()) } });
  });
  return {
    write(place) {
      if (place) {
        clearTimeout(timer);
        timer = undefined;
        history.pushState(null, "", address());
      } else if (performance.now() >= next) replace();
      else timer ??= setTimeout(replace, next - performance.now());
    },
  };
}
