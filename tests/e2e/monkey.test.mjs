// Settings hammered at random, by a seeded monkey: whatever is pressed, the page goes on.
//
// MONKEY_SECONDS and MONKEY_SEED ask for a longer run and for another one.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { assertPictures, generate, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

const LOADING = 120;
const FLEX = 240;

const SECONDS = Number(process.env.MONKEY_SECONDS ?? 15);
const SEED = Number(process.env.MONKEY_SEED ?? 1);

const KEYS = [..."0123456789abcdefghijklmnopqrstuvwxyz?", "Space", "Escape", "ArrowLeft", "ArrowRight", "Enter", "Tab"];

/** Codes of what must not happen, whatever is asked for. */
const FAULTS = /unexpected|internal|engine-stopped|worker-failed|worker-stopped|out-of-memory|callback-failed|not-loaded/;

/** Numbers from 0 to 1, fixed by a seed (mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Uses one of the page's controls; tells which. `which` and `how` are from 0 to 1. */
function useControl([which, how]) {
  const usable = [...document.querySelectorAll("button, input, select, summary")].filter(
    (control) => !control.disabled && control.type !== "file" && control.offsetParent !== null,
  );
  const control = usable[Math.floor(which * usable.length)];
  if (!control) return "nothing";
  if (control instanceof HTMLSelectElement) control.selectedIndex = Math.floor(how * control.options.length);
  else if (control.type === "range" || control.type === "number") {
    const [least, most] = [Number(control.min || 0), Number(control.max || 1000)];
    control.value = String(least + Math.round(how * (most - least)));
  } else {
    control.click();
    return control.dataset.testid ?? control.name ?? control.textContent;
  }
  for (const type of ["input", "change"]) control.dispatchEvent(new Event(type, { bubbles: true }));
  return `${control.dataset.testid ?? control.name} ${control.value}`;
}

describe("a monkey", () => {
  const site = openSite({ gpu: false });

  test(`presses everything for ${SECONDS} s, seed ${SEED}`, { timeout: 1000 * (2 * LOADING + FLEX + 2 * SECONDS) }, () =>
    withPage(site.browser, {}, async (page) => {
      // Links to other sites lead nowhere, and leave the page as it is.
      await page.route(
        (url) => url.origin !== new URL(site.address).origin,
        (route) => route.fulfill({ status: 204 }),
      );
      const fresh = `${site.address}?backend=flex&seed=4&steps=2&path=0`;
      await page.goto(fresh);
      await reach(page, ["ready"], LOADING);
      const next = random(SEED);
      const done = [];
      const end = Date.now() + 1000 * SECONDS;
      while (Date.now() < end) {
        const kind = next();
        if (kind < 0.6) done.push(await page.evaluate(useControl, [next(), next()]));
        else if (kind < 0.8) {
          const key = KEYS[Math.floor(next() * KEYS.length)];
          await page.keyboard.press(key);
          done.push(key);
        } else if (kind < 0.95) {
          const { width, height } = page.viewportSize();
          const [x, y] = [next() * width, next() * height];
          await page.mouse.move(x, y);
          await page.mouse.down();
          await page.mouse.move(x + 60 * next(), y + 60 * next());
          await page.mouse.up();
          done.push(`mouse ${x.toFixed()} ${y.toFixed()}`);
        } else {
          await page.evaluate(() => (history.length > 2 ? history.back() : undefined));
          done.push("back");
        }
        const error = (await hook(page, "error").isVisible()) ? await hook(page, "error").innerText() : "";
        assert.doesNotMatch(error, FAULTS, `${error}\nafter ${done.slice(-12).join(" | ")}`);
        assert.ok(page.url().startsWith(site.address), `${page.url()}\nafter ${done.slice(-3).join(" | ")}`);
      }
      await page.goto(fresh);
      await reach(page, ["ready"], LOADING);
      await generate(page, FLEX);
      await assertPictures(page);
    }));
});
