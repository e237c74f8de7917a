/** Presenter mode: one key advances the story; in a kiosk it advances by itself. */

import { find, h, underDialog } from "../dom";
import { codeOf } from "../figure/code";
import type { State } from "../state";
import { type Store, watching } from "../store";
import { LIMITS } from "../url";
import type { Commands } from "../views/commands";
import { idle, SLIDES } from "./slides";

/** Keys of keyboards and of clickers. */
const FORWARD = [" ", "ArrowRight", "PageDown"];
const BACK = ["ArrowLeft", "PageUp"];

/** Seconds of silence after which a kiosk that was touched goes on. */
const SILENCE = 60;

/** Cards that a slide may put in front. */
const CARDS = [...new Set(SLIDES.flatMap(({ shows }) => shows))];

export function createPresenter(root: HTMLElement, store: Store, commands: Commands): void {
  const [headline, text, place] = [h("h2", {}), h("p", {}), h("span", { class: "place" })];
  const code = h("div", { class: "scan", hidden: true });
  const step = (by: number) => {
    const next = store.state().settings.present + by;
    if (next >= 1 && next <= SLIDES.length) commands.set({ present: next });
  };
  const button = (name: string, label: string, run: () => void) => {
    const element = h("button", { type: "button", "aria-label": name, title: name }, label);
    element.addEventListener("click", run);
    return element;
  };
  root.append(
    h("div", { class: "told", "aria-live": "polite" }, headline, text),
    code,
    h(
      "div",
      { class: "steer" },
      button("Back", "‹", () => step(-1)),
      place,
      button("Forward", "›", () => step(1)),
      button("End the presentation", "×", () => commands.set({ present: 0, kiosk: false })),
    ),
  );

  // What a slide begins waits until the engine has loaded and is free.
  let waiting: ((commands: Commands) => void) | undefined;
  const begin = (state: State) => {
    if (!waiting || !idle(state)) return;
    const now = waiting;
    waiting = undefined;
    // Not from within a dispatch: views are still drawing.
    queueMicrotask(() => now(commands));
  };
  store.subscribe(
    watching(
      (state) => [state.settings.present],
      (number) => {
        const slide = SLIDES[number - 1];
        root.hidden = slide === undefined;
        document.body.classList.toggle("presenting", slide !== undefined);
        headline.textContent = slide?.headline ?? "";
        text.textContent = slide?.text ?? "";
        place.textContent = `${number} of ${SLIDES.length}`;
        for (const card of CARDS) {
          find(`#${card}`).classList.toggle("behind", slide !== undefined && !slide.shows.includes(card));
        }
        code.hidden = !slide?.code;
        if (slide?.code)
          void codeOf(new URL(".", document.baseURI).href).then((picture) => code.replaceChildren(picture ?? ""));
        waiting = slide?.begin;
      },
    ),
  );
  store.subscribe(begin);

  document.addEventListener(
    "keydown",
    (event) => {
      const { present } = store.state().settings;
      if (present === 0 || underDialog() || event.ctrlKey || event.metaKey || event.altKey) return;
      if (FORWARD.includes(event.key)) step(1);
      else if (BACK.includes(event.key)) step(-1);
      else if (event.key === "Escape") commands.set({ present: 0, kiosk: false });
      else return;
      event.preventDefault();
      // The keys mean something else where nobody presents.
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
  createKiosk(store, commands);
}

/** Advances the story by itself, a new seed every round, unless somebody is using the page. */
function createKiosk(store: Store, commands: Commands): void {
  let since = 0;
  let touched = Number.NEGATIVE_INFINITY;
  const touch = (event: Event) => {
    if (event.isTrusted) touched = performance.now();
  };
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"])
    addEventListener(kind, touch, { passive: true });
  store.subscribe(
    watching(
      (state) => [state.settings.present],
      () => {
        since = performance.now();
      },
    ),
  );
  setInterval(() => {
    const state = store.state();
    const { kiosk, present, pace } = state.settings;
    const now = performance.now();
    if (!kiosk || !idle(state) || now - touched < 1000 * SILENCE) return;
    if (present === 0) commands.set({ present: 1 });
    else if (now - since < 1000 * pace) return;
    else if (present < SLIDES.length) commands.set({ present: present + 1 });
    else commands.set({ present: 1, seed: Math.floor(Math.random() * LIMITS.seed[1]) });
  }, 250);
}
