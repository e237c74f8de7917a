// The denoising path under a slider, and the wavefield frame by frame.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { assertPictures, deviation, generate, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

/** Seconds. */
const LOADING = 120;
const FLEX = 240;

const picture = (page, name = "velocity-canvas") => hook(page, name).evaluate((canvas) => canvas.toDataURL());
const said = (page) => hook(page, "deviation").innerText();

describe("the timeline", () => {
  const site = openSite({ gpu: false });
  const address = (settings) => `${site.address}?${new URLSearchParams({ backend: "flex", ...settings })}`;

  test("every step's pair comes back with its deviation and its own simulation", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ family: "Style-A", seed: 4, steps: 4 }));
      await reach(page, ["ready"], LOADING);
      const timeline = hook(page, "timeline");
      assert.ok(await timeline.isDisabled(), "the example's steps are not kept");
      await generate(page, FLEX);
      const [whole, verdict] = [await picture(page), await deviation(page)];
      const seen = new Set([whole]);
      for (const step of [1, 2, 3]) {
        await timeline.fill(String(step));
        await page.waitForURL((url) => url.searchParams.get("step") === String(step));
        const text = await timeline.getAttribute("aria-valuetext");
        const [, number] = text.match(new RegExp(`^step ${step} of 4, deviation ([\\d.e-]+)$`)) ?? assert.fail(text);
        assert.ok(Math.abs(Number(number) - Number(await said(page))) < 0.006, `${number} and ${await said(page)}`);
        assert.ok(Number(number) > verdict, `${number} after step ${step}, ${verdict} in the end`);
        seen.add(await picture(page));
      }
      assert.equal(seen.size, 4);
      await page.locator("#gathers .box:not(.empty) [data-testid=simulated-canvas]").waitFor({ timeout: 60_000 });
      await assertPictures(page);
      await timeline.fill("4");
      assert.equal(await picture(page), whole);
      assert.equal(await deviation(page), verdict);
      await hook(page, "replay").click();
      assert.notEqual(await picture(page), whole);
      for (const step of [1, 2, 3, 4]) {
        await page.waitForFunction((at) => document.querySelector("[data-testid=timeline]").valueAsNumber >= at, step);
      }
      assert.equal(await picture(page), whole);
      await page.waitForURL((url) => !url.searchParams.has("step"));
    }));

  test("a generation that is called off while it waits does not begin", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ family: "Style-A", seed: 4, steps: 3 }));
      await reach(page, ["ready"], LOADING);
      await generate(page, FLEX);
      await hook(page, "timeline").fill("1");
      // The step is simulated after a while of rest, and the engine does one thing at a time.
      await page.waitForTimeout(220);
      await page.evaluate(() => {
        for (const name of ["generate", "cancel"]) document.querySelector(`[data-testid=${name}]`).click();
      });
      await reach(page, ["ready"], 30);
      assert.ok(await hook(page, "error").isHidden());
      assert.ok(await hook(page, "generate").isEnabled());
    }));

  test("the wavefield goes frame by frame, and as fast as one likes", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ rate: 0.25 }));
      await reach(page, ["ready"], LOADING);
      assert.ok(await hook(page, "frame-forward").isDisabled());
      await hook(page, "play").click();
      const frame = () => hook(page, "scrub").inputValue().then(Number);
      await page.waitForFunction(() => Number(document.querySelector("[data-testid=scrub]").value) > 4, null, {
        timeout: 1000 * FLEX,
      });
      await hook(page, "frame-forward").click();
      const at = await frame();
      const shown = await picture(page, "wavefield-canvas");
      await hook(page, "frame-forward").click();
      assert.equal(await frame(), at + 1);
      assert.notEqual(await picture(page, "wavefield-canvas"), shown);
      await hook(page, "frame-back").click();
      assert.equal(await picture(page, "wavefield-canvas"), shown);

      // The same time on the clock at two speeds.
      const travelled = async (rate) => {
        await hook(page, "rate").selectOption(String(rate));
        await hook(page, "scrub").fill("0");
        await hook(page, "play").click();
        await page.waitForTimeout(1500);
        await hook(page, "play").click();
        return frame();
      };
      const [slow, fast] = [await travelled(0.1), await travelled(1)];
      assert.ok(fast > 4 * slow, `${slow} frames at a tenth of the speed, ${fast} at the whole`);
      await page.waitForURL((url) => !url.searchParams.has("rate"));
    }));
});
