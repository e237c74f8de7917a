// A link shows what the page shows: settings, results, back and forward.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { assertPictures, deviation, generate, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

/** Seconds. */
const LOADING = 120;
const FLEX = 300;

const picture = (page) => hook(page, "velocity-canvas").evaluate((canvas) => canvas.toDataURL());

/** Every control that stands for a setting, the mode that shows it, and a value that is not the usual one. */
const CONTROLS = [
  ["generate", "family", "Style-B"],
  ["generate", "seed", "31"],
  ["generate", "steps", "7"],
  ["generate", "guidance", "2.5"],
  ["generate", "rate", "0.25"],
  ["invert", "maps", "3"],
  ["invert", "spread", "0.7"],
  ["invert", "prepared", "Style-A"],
  ["morph", "toward", "12"],
  ["morph", "points", "5"],
  ["draw", "radius", "75"],
  ["draw", "speed", "4200"],
  ["generate", "colors", "rainbow"],
  ["generate", "gain", "30"],
];

describe("the address", () => {
  const site = openSite({ gpu: false });
  const address = (settings) => `${site.address}?${new URLSearchParams({ backend: "flex", ...settings })}`;

  test("holds the value of every control", { timeout: 2000 * LOADING }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({}));
      await reach(page, ["ready"], LOADING);
      const show = async (mode, name) => {
        await hook(page, `mode-${mode}`).click();
        if (["colors", "gain"].includes(name)) await page.locator("details.display").evaluate((all) => (all.open = true));
        return hook(page, name);
      };
      for (const [mode, name, value] of CONTROLS) {
        const control = await show(mode, name);
        if (await control.evaluate((element) => element.matches("select"))) await control.selectOption(value);
        else await control.fill(value);
      }
      for (const [mode, name] of [["generate", "path-toggle"], ["generate", "mute"], ["generate", "wiggle"]]) {
        await show(mode, "gain");
        await hook(page, name).click();
      }
      await page.locator("label", { has: hook(page, "shot-4") }).click();
      await hook(page, "mode-draw").click();
      await page.locator("label", { has: hook(page, "tool-fault") }).click();
      await hook(page, "throw").fill("-60");
      await page.waitForURL(/throw=-60/);

      await page.reload();
      await reach(page, ["ready"], LOADING);
      assert.equal(await hook(page, "mode-draw").getAttribute("aria-current"), "true");
      assert.equal(await hook(page, "throw").inputValue(), "-60");
      assert.ok(await hook(page, "tool-fault").isChecked());
      for (const [mode, name, value] of CONTROLS) assert.equal(await (await show(mode, name)).inputValue(), value, name);
      assert.equal(await hook(page, "path-toggle").isChecked(), false);
      for (const name of ["mute", "wiggle", "shot-4"]) assert.ok(await hook(page, name).isChecked(), name);
    }));

  test("a link to a result shows the result, at the step that was looked at", { timeout: 1000 * (2 * LOADING + 2 * FLEX) }, async () => {
    let link;
    let seen;
    await withPage(site.browser, {}, async (page) => {
      await page.goto(address({ family: "FlatVel-A", seed: 6, steps: 3 }));
      await reach(page, ["ready"], LOADING);
      await generate(page, FLEX);
      await hook(page, "timeline").fill("2");
      await page.waitForURL(/step=2/);
      seen = [await picture(page), await hook(page, "deviation").innerText()];
      link = page.url();
    });
    await withPage(site.browser, {}, async (page) => {
      await page.goto(link);
      await reach(page, ["done"], LOADING + FLEX);
      assert.deepEqual([await picture(page), await hook(page, "deviation").innerText()], seen);
      assert.equal(page.url(), link);
    });
  });

  test("a link to an inversion inverts", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ mode: "invert", prepared: "FlatVel-A", maps: 2, steps: 2, map: 1, run: 1 }));
      await reach(page, ["done"], LOADING + FLEX);
      const maps = hook(page, "inverted-map");
      assert.equal(await maps.nth(1).getAttribute("aria-pressed"), "true");
      await assertPictures(page);
    }));

  test("back and forward go through the modes, whatever the first address named", { timeout: 1000 * LOADING }, () =>
    withPage(site.browser, {}, async (page) => {
      const current = () => page.locator("#modes [aria-current=true]").innerText();
      await page.goto(`${site.address}?load=0`);
      await hook(page, "deviation").and(page.locator("[data-value]")).waitFor();
      const [seed, shown] = [await hook(page, "seed").inputValue(), await deviation(page)];
      await hook(page, "mode-invert").click();
      await hook(page, "seed").fill("99");
      await hook(page, "mode-morph").click();
      await page.goBack();
      assert.equal(await current(), "Invert");
      assert.equal(await hook(page, "seed").inputValue(), "99");
      await page.goBack();
      assert.equal(await current(), "Generate");
      assert.equal(await hook(page, "seed").inputValue(), seed);
      assert.equal(await deviation(page), shown);
      await page.goForward();
      assert.equal(await current(), "Invert");
    }));
});
