// The page's stable hooks.

import assert from "node:assert/strict";

const SECOND = 1000;

/** An element by its `data-testid`. */
export const hook = (page, name) => page.locator(`[data-testid=${name}]`);

/** Waits until the status is one of `states`; returns it. An error on the page ends the wait with its sentence. */
export async function reach(page, states, seconds) {
  const any = [...new Set([...states, "error"])].map((state) => `[data-testid=status][data-state=${state}]`).join(",");
  const status = page.locator(any);
  await status.waitFor({ timeout: seconds * SECOND });
  const state = await status.getAttribute("data-state");
  if (!states.includes(state)) assert.fail(`the page says: ${await hook(page, "error").innerText()}`);
  return state;
}

/** Presses Generate and waits for the pair. */
export async function generate(page, seconds) {
  await hook(page, "generate").click();
  await reach(page, ["running"], 10);
  await reach(page, ["done"], seconds);
}

/** The deviation on screen. */
export async function deviation(page) {
  return Number(await hook(page, "deviation").getAttribute("data-value"));
}

/** Standard deviation of a canvas's brightness, 0 to 255: 0 for a blank one. */
export function contrast(page, name) {
  return hook(page, name).evaluate((canvas) => {
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height).getContext("2d");
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const values = [];
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] > 0) values.push((data[i] + data[i + 1] + data[i + 2]) / 3);
    }
    if (values.length === 0) return 0;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  });
}

/** Fails unless every panel of the pair shows a picture. */
export async function assertPictures(page) {
  for (const name of ["velocity-canvas", "generated-canvas", "simulated-canvas", "difference-canvas"]) {
    const found = await contrast(page, name);
    assert.ok(found > 0.3, `${name} is blank (contrast ${found})`);
  }
}
