/** Keyboard shortcuts: one table, which the help shows too. */

import { h, underDialog } from "./dom";
import { filmFits } from "./film";
import { MODES } from "./settings";
import { shown } from "./state";
import type { Store } from "./store";
import { LIMITS } from "./url";
import type { Commands } from "./views/commands";

interface Shortcut {
  /** What the help calls the keys. */
  name: string;
  keys: readonly string[];
  does: string;
  /** Gets the key that was pressed, and whether shift was held. */
  run(key: string, fine: boolean): void;
}

/** Frames of the wavefield that an arrow key moves by. */
const ARROW = 5;

export function createKeys(help: HTMLDialogElement, store: Store, commands: Commands): void {
  const idle = () => store.state().engine !== null && store.state().phase !== "running";
  const film = () => {
    const state = store.state();
    return filmFits(state.film, shown(state)?.velocity, state.settings.shot) ? state.film : null;
  };
  const shortcuts: readonly Shortcut[] = [
    {
      name: "space",
      keys: [" "],
      does: "play or pause the wavefield",
      run: () => {
        if (film()?.playing) commands.pause();
        else if (idle()) commands.play();
      },
    },
    {
      name: "←",
      keys: ["ArrowLeft"],
      does: "the wavefield a little earlier; with shift, one frame",
      run: (_, fine) => commands.shift(fine ? -1 : -ARROW),
    },
    {
      name: "→",
      keys: ["ArrowRight"],
      does: "the wavefield a little later; with shift, one frame",
      run: (_, fine) => commands.shift(fine ? 1 : ARROW),
    },
    { name: "[", keys: ["["], does: "the pair one denoising step earlier", run: () => commands.passBy(-1) },
    { name: "]", keys: ["]"], does: "the pair one denoising step later", run: () => commands.passBy(1) },
    {
      name: "r",
      keys: ["r"],
      does: "another seed, and go",
      run: () => {
        const { mode } = store.state().settings;
        if (!idle() || mode === "draw") return;
        commands.set({ seed: Math.floor(Math.random() * LIMITS.seed[1]) });
        commands.run();
      },
    },
    {
      name: `1 to ${MODES.length}`,
      keys: MODES.map((_, i) => String(i + 1)),
      does: MODES.join(", "),
      run: (key) => {
        const mode = MODES[Number(key) - 1];
        if (mode && store.state().phase !== "running") commands.set({ mode });
      },
    },
    {
      name: "h",
      keys: ["h"],
      does: "hide or show the controls",
      run: () => commands.set({ bare: !store.state().settings.bare }),
    },
    {
      name: "f",
      keys: ["f"],
      does: "full screen, and back",
      run: () => {
        if (document.fullscreenElement) void document.exitFullscreen();
        else document.documentElement.requestFullscreen().catch(() => undefined);
      },
    },
    {
      name: "p",
      keys: ["p"],
      does: "present: space or → goes on, ← goes back, Escape ends",
      run: () => commands.set({ present: 1 }),
    },
    { name: "t", keys: ["t"], does: "the guided tour", run: () => commands.set({ tour: 1 }) },
    { name: "?", keys: ["?"], does: "this list", run: () => (help.open ? help.close() : help.showModal()) },
  ];

  help.append(
    h("h2", {}, "Keys"),
    h("dl", {}, ...shortcuts.flatMap(({ name, does }) => [h("dt", {}, h("kbd", {}, name)), h("dd", {}, does)])),
    h("form", { method: "dialog" }, h("button", {}, "Close")),
  );

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || takesKeys(event)) return;
    const shortcut = shortcuts.find(({ keys }) => keys.includes(event.key));
    if (!shortcut) return;
    // Behind a dialog nothing moves; the list of keys closes as it opened.
    if (underDialog() && !(help.open && event.key === "?")) return;
    event.preventDefault();
    shortcut.run(event.key, event.shiftKey);
  });
}

/** Whether the key means something to the element that has the focus. */
function takesKeys({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("select, textarea, input[type=number]")) return true;
  if (target.matches("input") && key.startsWith("Arrow")) return true;
  return key === " " && target.matches("button, input, summary, a");
}
