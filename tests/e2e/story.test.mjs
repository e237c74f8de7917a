// The page on a stage, in a hall, inside another page, and explained.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { deviation, hook } from "./page.mjs";
import { openSite } from "./site.mjs";

const LOADING = 120;
const FLEX = 240;

const dist = new URL("../../www/dist/", import.meta.url);
describe("the story", () => {
  const site = openSite({ gpu: false });
  const address = (settings) => `${site.address}?${new URLSearchParams({ backend: "flex", steps: 2, ...settings })}`;
  const state = (page, wanted) =>
    page.locator(`[data-testid=status][data-state=${wanted}]`).waitFor({ state: "attached", timeout: 1000 * FLEX });
  const place = (page) => page.locator("#story .place").innerText();

  test("one key tells it in six slides, and back", { timeout: 1000 * (LOADING + 2 * FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ family: "FlatVel-A" }));
      await state(page, "ready");
      const example = await deviation(page);
      await page.keyboard.press("p");
      assert.equal(await place(page), "1 of 6");
      assert.ok(await page.locator("#controls").isHidden());
      assert.ok(await page.locator("#verdict").isHidden());
      await page.keyboard.press("ArrowLeft");
      assert.equal(await place(page), "1 of 6");
      await page.keyboard.press(" ");
      await page.locator("[data-testid=play][data-playing=true]").waitFor();
      await page.keyboard.press("PageDown");
      await state(page, "done");
      assert.notEqual(await deviation(page), example);
      await page.keyboard.press("ArrowRight");
      await page.locator("[data-testid=play][data-playing=true]").waitFor();
      await page.keyboard.press("ArrowRight");
      await page.waitForURL(/present=5/);
      assert.ok(await page.locator("#verdict").isVisible());
      await page.keyboard.press("ArrowRight");
      await state(page, "running");
      await page.locator("#story").getByRole("img", { name: /QR code of http/ }).waitFor();
      await hook(page, "gallery-item").first().waitFor();
      await page.keyboard.press("PageUp");
      assert.equal(await place(page), "5 of 6");
      await page.keyboard.press("Escape");
      assert.ok(await page.locator("#story").isHidden());
      assert.ok(await page.locator("#controls").isVisible());
    }));

  test("a kiosk goes on by itself until somebody touches it", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ kiosk: 1, pace: 1 }));
      await page.locator("#story .place", { hasText: "3 of 6" }).waitFor({ timeout: 1000 * LOADING });
      await page.mouse.move(200, 200);
      await page.mouse.move(220, 220);
      await state(page, "done");
      await page.waitForTimeout(2500);
      assert.equal(await place(page), "3 of 6");
    }));

  test("inside another page it has neither title nor tabs", () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ embed: 1 }));
      await page.locator("#ground").waitFor();
      for (const part of [".masthead", "#modes", "#save"]) assert.ok(await page.locator(part).isHidden(), part);
      assert.ok(await hook(page, "generate").isVisible());
    }));

  test("the address is a code for a slide", () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ load: 0, seed: 12 }));
      await hook(page, "qr").click();
      const code = page.getByRole("img", { name: /QR code of .*seed=12/ });
      const { width, height } = await code.boundingBox();
      assert.ok(width > 300 && Math.abs(width - height) < 1, `${width} x ${height}`);
      // A finder pattern: seven dark modules, five light ones between, behind a margin of four.
      const path = await code.locator("path").getAttribute("d");
      for (let i = 0; i < 7; i++) assert.ok(path.includes(`M${4 + i} 4h1`), `module ${i}`);
      assert.equal(path.includes("M5 5h1"), false);
      await page.keyboard.press("Escape");
      assert.ok(await code.isHidden());
    }));

  test("how it works has the sizes of the manifest", () =>
    withPage(site.browser, { width: 390, height: 844 }, async (page) => {
      await page.goto(address({}));
      await hook(page, "deviation").and(page.locator("[data-value]")).waitFor();
      await hook(page, "how").click();
      const { model } = JSON.parse(readFileSync(new URL("weights/manifest.json", dist), "utf8"));
      const said = await hook(page, "flow").innerText();
      const { codes, code_width: width, codes_per_token: each } = model.latent;
      for (const size of [
        `${model.tokens[0]} x ${model.tokens[1]} tokens of ${width * each} numbers`,
        `${codes.toLocaleString("en")} codes of ${width} numbers, ${each} to a token`,
        `${model.denoiser.depth} blocks of width ${model.denoiser.width}`,
      ]) {
        assert.ok(said.includes(size), size);
      }
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      await page.keyboard.press("Escape");
      assert.ok(await page.locator("#how").isHidden());
    }));

  test("a link inside another page leads to the whole page", () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ embed: 1, load: 0, seed: 8 }));
      const link = page.getByRole("link", { name: "Open the whole page" });
      const url = new URL(await link.getAttribute("href"), page.url());
      assert.equal(url.searchParams.get("seed"), "8");
      assert.equal(url.searchParams.has("embed"), false);
      assert.equal(await link.getAttribute("target"), "_blank");
    }));

  test("the tour goes through the page, by keys and by buttons, and ends", { timeout: 1000 * LOADING }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ mode: "morph", load: 0 }));
      await hook(page, "tour").click();
      const box = page.getByRole("dialog");
      await box.filter({ hasText: "1 of 8" }).waitFor();
      assert.equal(await hook(page, "mode-generate").getAttribute("aria-current"), "true");
      await page.keyboard.press("ArrowRight");
      await box.filter({ hasText: "2 of 8" }).waitFor();
      await page.waitForURL(/tour=2/);
      await page.getByRole("button", { name: "Next" }).click();
      await box.filter({ hasText: "3 of 8" }).waitFor();
      await page.getByRole("button", { name: "Back", exact: true }).click();
      await box.filter({ hasText: "2 of 8" }).waitFor();
      await page.keyboard.press("Escape");
      await box.waitFor({ state: "hidden" });
      await page.waitForURL((url) => !url.searchParams.has("tour"));
      await page.keyboard.press("t");
      for (let stop = 1; stop <= 8; stop++) {
        await box.filter({ hasText: `${stop} of 8` }).waitFor();
        assert.equal(await page.locator(".driver-active-element").count(), 1, `stop ${stop}`);
        const spot = await page.locator(".driver-active-element").boundingBox();
        assert.ok(spot.width > 0 && spot.height > 0, `stop ${stop} points at nothing`);
        const seen = await box.boundingBox();
        const { width, height } = page.viewportSize();
        assert.ok(seen.x >= 0 && seen.y >= 0 && seen.x + seen.width <= width && seen.y + seen.height <= height, `stop ${stop}`);
        await page.keyboard.press("ArrowRight");
      }
      await box.waitFor({ state: "hidden" });
    }));

  test("the tour plays the waves once the engine is there, on a phone too", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, { width: 390, height: 844 }, async (page) => {
      await page.goto(address({}));
      await state(page, "ready");
      await hook(page, "tour").click();
      await page.getByRole("button", { name: "Next" }).click();
      await page.locator("[data-testid=play][data-playing=true]").waitFor();
    }));
});
