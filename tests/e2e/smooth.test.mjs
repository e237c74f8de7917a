// How the page feels: painted early, nothing moves, and the UI thread is never busy for long.
//
// Times of tasks are processor time. What a visitor waits for by the clock is `cargo xtask bench-web --page`'s to tell.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { generate, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";
import { longestTask } from "./trace.mjs";

/** Seconds. */
const LOADING = 120;
const FLEX = 300;

/** Milliseconds that a task of the UI thread may take: longer ones are felt (RAIL, Lighthouse's blocking time). */
const TASK = 50;

/** What Google's Core Web Vitals call good, for the first paint (ms) and for what moves. */
const PAINT = 1800;
const SHIFT = 0.1;

/** First visits at most. */
const VISITS = 3;

describe("the page feels light", () => {
  const site = openSite({ gpu: false });
  const address = (settings) => `${site.address}?${new URLSearchParams({ backend: "flex", ...settings })}`;

  const within = async (page, what, body) => {
    const longest = await longestTask(site.browser, page, body);
    console.log(`# longest task, ${what}: ${longest.toFixed(1)} ms`);
    assert.ok(longest <= TASK, `${what}: a task of ${longest.toFixed(1)} ms`);
  };

  /** What a first visit is like. */
  const visit = async (width, height) => {
    const seen = {};
    await withPage(site.browser, { width, height }, async (page) => {
      await page.addInitScript(() => {
        window.shift = 0;
        const add = ({ value, hadRecentInput }) => {
          if (!hadRecentInput) window.shift += value;
        };
        new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({ type: "layout-shift", buffered: true });
      });
      seen.task = await longestTask(site.browser, page, async () => {
        await page.goto(address({}));
        await reach(page, ["ready"], LOADING);
      });
      seen.paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
      seen.shift = await page.evaluate(() => window.shift);
    });
    return seen;
  };

  for (const [name, width, height] of [["desktop", 1440, 900], ["phone", 390, 844]]) {
    test(`loading, ${name}`, { timeout: 3000 * LOADING }, async () => {
      let best = { task: Number.POSITIVE_INFINITY };
      // A busy neighbour on the same core lengthens even processor time: the best of three visits counts.
      for (let i = 0; i < VISITS && best.task > TASK; i++) {
        const seen = await visit(width, height);
        if (seen.task < best.task) best = seen;
      }
      const { task, paint, shift } = best;
      const said = `longest task ${task.toFixed(1)} ms, first paint ${paint.toFixed(0)} ms, layout shift ${shift.toFixed(3)}`;
      console.log(`# loading, ${name}: ${said}`);
      assert.ok(task <= TASK && paint <= PAINT && shift <= SHIFT / 2, said);
    });
  }

  test("generating, looking back and playing", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, { width: 1440 }, async (page) => {
      await page.goto(address({ family: "Style-A", steps: 4 }));
      await reach(page, ["ready"], LOADING);
      await within(page, "generating", () => generate(page, FLEX));
      await within(page, "looking back", async () => {
        for (const step of [1, 2, 3]) await hook(page, "timeline").fill(String(step));
        await page.locator("#gathers .box:not(.empty) [data-testid=simulated-canvas]").waitFor({ timeout: 60_000 });
      });
      await within(page, "playing", async () => {
        await hook(page, "play").click();
        await page.waitForFunction(() => Number(document.querySelector("[data-testid=scrub]").value) > 60, null, {
          timeout: 60_000,
        });
      });
      await within(page, "changing the display", async () => {
        await hook(page, "display").click();
        await hook(page, "colors").selectOption("grey");
        await hook(page, "wiggle").click();
        await hook(page, "mute").click();
        await page.waitForTimeout(1500);
      });
    }));

  test("a gallery and a drawing", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, { width: 1440 }, async (page) => {
      await page.goto(address({ mode: "gallery", steps: 1 }));
      await reach(page, ["ready"], LOADING);
      await within(page, "a gallery", () => generate(page, FLEX));
      await hook(page, "mode-draw").click();
      await page.locator("main:not(.unanswered)").waitFor({ timeout: 60_000 });
      await within(page, "drawing", async () => {
        await hook(page, "easel").scrollIntoViewIfNeeded();
        const { x, y, width, height } = await hook(page, "easel").boundingBox();
        await page.mouse.move(x + 0.2 * width, y + 0.3 * height);
        await page.mouse.down();
        await page.mouse.move(x + 0.8 * width, y + 0.6 * height, { steps: 30 });
        await page.mouse.up();
        await page.locator("main.unanswered").waitFor();
        await page.locator("main:not(.unanswered)").waitFor({ timeout: 60_000 });
      });
    }));
});
