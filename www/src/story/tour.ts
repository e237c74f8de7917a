/** The guided tour: a box beside each thing that it is about. */

import type { Driver } from "driver.js";
import { underDialog } from "../dom";
import type { State } from "../state";
import { type Store, watching } from "../store";
import type { Commands } from "../views/commands";
import { idle } from "./slides";
import { STOPS } from "./stops";

const FORWARD = ["ArrowRight", "PageDown"];
const BACK = ["ArrowLeft", "PageUp"];

/** What driver.js says of the place it lights up, which opens no dialog: its own box only stands beside it. */
const OPENERS_CLAIMS = ["aria-haspopup", "aria-expanded", "aria-controls"];

/** The tour is a setting; `open` begins it. */
export function createTour(open: HTMLElement, store: Store, commands: Commands): void {
  const go = (to: number) => commands.set({ tour: to < 1 || to > STOPS.length ? 0 : to });
  const here = () => store.state().settings.tour;
  const end = () => commands.set({ tour: 0 });
  let guide: Driver | null = null;
  open.addEventListener("click", () => go(1));

  const show = async (stop: number) => {
    // Most visitors do without.
    const [{ driver }] = await Promise.all([import("driver.js"), import("driver.js/dist/driver.css")]);
    if (here() !== stop) return;
    guide ??= driver({
      steps: STOPS.map(({ title, text, at }) => ({ element: at, popover: { title, description: text } })),
      // While the light moves, a further step would leave the place in between marked.
      animate: false,
      smoothScroll: false,
      stagePadding: 6,
      stageRadius: 10,
      overlayOpacity: 0.55,
      popoverClass: "tour",
      showProgress: true,
      progressText: "{{current}} of {{total}}",
      prevBtnText: "Back",
      nextBtnText: "Next",
      doneBtnText: "Done",
      // The page's own keys steer it.
      allowKeyboardControl: false,
      onHighlighted: (place) => {
        for (const claim of OPENERS_CLAIMS) place?.removeAttribute(claim);
      },
      overlayClickBehavior: () => undefined,
      onNextClick: () => go(here() + 1),
      onPrevClick: () => go(Math.max(1, here() - 1)),
      onDoneClick: end,
      onCloseClick: end,
    });
    if (guide.isActive()) guide.moveTo(stop - 1);
    else guide.drive(stop - 1);
  };

  store.subscribe(
    watching(
      (state) => [state.settings.tour, state.sample !== null],
      (stop, there) => {
        if (stop === 0) {
          guide?.destroy();
          guide = null;
        } else if (there) queueMicrotask(() => arrive(stop));
      },
    ),
  );

  /** Not from within a dispatch: views are still drawing. */
  function arrive(stop: number): void {
    if (here() !== stop) return;
    const { settings } = store.state();
    if (settings.mode !== "generate" || settings.present > 0 || settings.bare)
      commands.set({ mode: "generate", present: 0, kiosk: false, bare: false });
    void show(stop);
    if (idle(store.state())) STOPS[stop - 1]?.begin?.(commands);
  }

  document.addEventListener(
    "keydown",
    (event) => {
      if (!touring(store.state()) || underDialog() || event.ctrlKey || event.metaKey || event.altKey) return;
      if (FORWARD.includes(event.key)) go(here() + 1);
      else if (BACK.includes(event.key)) go(Math.max(1, here() - 1));
      else if (event.key === "Escape") end();
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
}

const touring = ({ settings }: State): boolean => settings.tour > 0;
