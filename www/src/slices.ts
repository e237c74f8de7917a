/** Long work on the UI thread, in pieces between which the page listens. */

import { rest } from "./dom";

/** Milliseconds that are worked for at a stretch. */
const SLICE = 15;

/** Does one piece of work after the other, and rests when they have taken a slice of time. */
export async function inSlices(pieces: readonly (() => unknown)[]): Promise<void> {
  await rest();
  let began = performance.now();
  for (const piece of pieces) {
    piece();
    if (performance.now() - began < SLICE) continue;
    await rest();
    began = performance.now();
  }
}
