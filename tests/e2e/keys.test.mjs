// Every shortcut of the page, in real Chromium on the Flex backend.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

/** Seconds. */
const LOADING = 120;
const FLEX = 240;

describe("keys", () => {
  const site = openSite({ gpu: false });
  const open = async (page, settings) => {
    await page.goto(`${site.address}?${new URLSearchParams({ backend: "flex", ...settings })}`);
    await reach(page, ["ready"], LOADING);
  };
  const frame = (page) => hook(page, "scrub").inputValue().then(Number);

  test("space plays and pauses, arrows move by five frames and with shift by one", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, {});
      await page.keyboard.press("Space");
      await page.waitForFunction(() => Number(document.querySelector("[data-testid=scrub]").value) > 10);
      await page.keyboard.press("Space");
      assert.equal(await hook(page, "play").getAttribute("data-playing"), "false");
      const at = await frame(page);
      for (const [key, expected] of [["ArrowLeft", at - 5], ["ArrowRight", at], ["Shift+ArrowRight", at + 1], ["Shift+ArrowLeft", at]]) {
        await page.keyboard.press(key);
        assert.equal(await frame(page), expected, key);
      }
      for (let i = 0; i < 60; i++) await page.keyboard.press("ArrowLeft");
      assert.equal(await frame(page), 0);
    }));

  test("r draws another seed and goes", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { seed: 3, steps: 2, path: 1 });
      await page.keyboard.press("r");
      await reach(page, ["running", "done"], 10);
      await reach(page, ["done"], FLEX);
      assert.notEqual(await hook(page, "seed").inputValue(), "3");
      await page.keyboard.press("[");
      assert.equal(await hook(page, "timeline").inputValue(), "1");
      await page.keyboard.press("]");
      assert.equal(await hook(page, "timeline").inputValue(), "2");
    }));

  test("1 to 5 are the modes", () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, {});
      for (const [i, mode] of ["generate", "gallery", "invert", "draw", "morph"].entries()) {
        await page.keyboard.press(String(i + 1));
        assert.equal(await hook(page, `mode-${mode}`).getAttribute("aria-current"), "true");
        await page.waitForURL((url) => url.searchParams.get("mode") === mode);
      }
    }));

  test("h hides the controls and shows them again", () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, {});
      await page.keyboard.press("h");
      for (const part of ["#controls", ".masthead", "#modes"]) assert.ok(await page.locator(part).isHidden(), part);
      assert.ok(await hook(page, "velocity-canvas").isVisible());
      await page.waitForURL(/bare=1/);
      await page.keyboard.press("h");
      assert.ok(await page.locator("#controls").isVisible());
    }));

  test("f fills the screen and gives it back", () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, {});
      await page.keyboard.press("f");
      await page.waitForFunction(() => document.fullscreenElement !== null);
      await page.keyboard.press("f");
      await page.waitForFunction(() => document.fullscreenElement === null);
    }));

  test("? lists the keys, and the page's keys rest meanwhile", () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, {});
      await page.keyboard.press("?");
      const help = page.locator("#help");
      assert.ok(await help.isVisible());
      const listed = await help.locator("kbd").allInnerTexts();
      assert.deepEqual(listed, ["space", "←", "→", "[", "]", "r", "1 to 5", "h", "f", "p", "t", "?"]);
      await page.keyboard.press("2");
      assert.equal(await hook(page, "mode-generate").getAttribute("aria-current"), "true");
      await page.keyboard.press("?");
      assert.ok(await help.isHidden());
      await page.keyboard.press("?");
      await page.keyboard.press("Escape");
      assert.ok(await help.isHidden());
    }));

  test("keys that a field takes are the field's", () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, {});
      await hook(page, "seed").fill("22");
      await hook(page, "seed").press("1");
      assert.equal(await hook(page, "seed").inputValue(), "221");
      assert.equal(await hook(page, "mode-generate").getAttribute("aria-current"), "true");
      await hook(page, "steps").focus();
      const before = Number(await hook(page, "steps").inputValue());
      await page.keyboard.press("ArrowRight");
      assert.equal(Number(await hook(page, "steps").inputValue()), before + 1);
    }));
});
