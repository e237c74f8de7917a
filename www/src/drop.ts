/** Takes files that are dropped anywhere on the page: gathers to invert, maps to draw on. */

import type { Store } from "./store";
import type { Commands } from "./views/commands";

export function createDrop(store: Store, commands: Commands): void {
  const over = (is: boolean) => {
    const { mode } = store.state().settings;
    document.body.classList.toggle("dropping", is && (mode === "invert" || mode === "draw"));
  };
  document.addEventListener("dragover", (event) => {
    // Otherwise the browser would leave the page for the file.
    event.preventDefault();
    over(true);
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) over(false);
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    const [first] = event.dataTransfer?.files ?? [];
    const { settings, engine, phase } = store.state();
    if (!first || !engine || phase === "running") return;
    if (settings.mode === "invert") void commands.give(first);
    else if (settings.mode === "draw") void commands.giveMap(first);
  });
}
