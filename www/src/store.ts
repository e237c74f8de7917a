/** Holds the state and tells the views when it changed. */

import { type Action, reduce, type State } from "./state";

/** Draws from the state into the element that it owns. */
export type View = (state: State) => void;

export interface Store {
  state(): State;
  dispatch(action: Action): void;
  /** Changes the state; what tells each of the views is left to the caller. */
  change(action: Action): readonly (() => void)[];
  subscribe(view: View): void;
}

export function createStore(initial: State): Store {
  let state = initial;
  const views: View[] = [];
  const change = (action: Action): readonly (() => void)[] => {
    const next = reduce(state, action);
    if (next === state) return [];
    state = next;
    return views.map((view) => () => view(state));
  };
  return {
    state: () => state,
    dispatch(action) {
      for (const tell of change(action)) tell();
    },
    change,
    subscribe(view) {
      views.push(view);
      view(state);
    },
  };
}

/** A view that draws from the state only when what it looks at has changed. */
export function changing(look: (state: State) => readonly unknown[], draw: View): View {
  let before: readonly unknown[] | null = null;
  return (state) => {
    const seen = look(state);
    if (before?.every((value, i) => value === seen[i])) return;
    before = seen;
    draw(state);
  };
}

/** A view that draws from what it looks at, and only when that has changed. */
export function watching<T extends readonly [unknown, ...unknown[]]>(
  look: (state: State) => T,
  draw: (...seen: T) => void,
): View {
  return changing(look, (state) => draw(...look(state)));
}
