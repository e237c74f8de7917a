// The page on a stage, in a hall, inside another page, and explained.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { seriousFindings } from "./axe.mjs";
import { launch, withPage } from "./browser.mjs";
import { deviation, hook } from "./page.mjs";
import { serve } from "./server.mjs";

const LOADING = 120;
const FLEX = 240;

const dist = new URL("../../www/dist/", import.meta.url);
describe("the story", () => {
  let server;
  let browser;
  before(async () => {
    server = await serve(fileURLToPath(dist));
    browser = await launch({ gpu: false });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });
  const address = (settings) => `${server.address}?${new URLSearchParams({ backend: "flex", steps: 2, ...settings })}`;
  const state = (page, wanted) =>
    page.locator(`[data-testid=status][data-state=${wanted}]`).waitFor({ state: "attached", timeout: 1000 * FLEX });
  const place = (page) => page.locator("#story .place").innerText();

  test("one key tells it in six slides, and back", { timeout: 1000 * (LOADING + 2 * FLEX) }, () =>
    withPage(browser, {}, async (page) => {
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
      await page.locator("[data-testid=play][aria-pressed=true]").waitFor();
      await page.keyboard.press("PageDown");
      await state(page, "done");
      assert.notEqual(await deviation(page), example);
      await page.keyboard.press("ArrowRight");
      await page.locator("[data-testid=play][aria-pressed=true]").waitFor();
      await page.keyboard.press("ArrowRight");
      assert.match(page.url(), /present=5/);
      assert.ok(await page.locator("#verdict").isVisible());
      await page.keyboard.press("ArrowRight");
      await state(page, "running");
      await hook(page, "gallery-item").first().waitFor();
      await page.keyboard.press("PageUp");
      assert.equal(await place(page), "5 of 6");
      await page.keyboard.press("Escape");
      assert.ok(await page.locator("#story").isHidden());
      assert.ok(await page.locator("#controls").isVisible());
    }));

  test("a kiosk goes on by itself until somebody touches it", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(browser, {}, async (page) => {
      await page.goto(address({ kiosk: 1, pace: 1 }));
      await page.locator("#story .place", { hasText: "3 of 6" }).waitFor({ timeout: 1000 * LOADING });
      await page.mouse.move(200, 200);
      await page.mouse.move(220, 220);
      await state(page, "done");
      await page.waitForTimeout(2500);
      assert.equal(await place(page), "3 of 6");
    }));

  test("inside another page it has neither title nor tabs", () =>
    withPage(browser, {}, async (page) => {
      await page.goto(address({ embed: 1 }));
      await page.locator("#ground").waitFor();
      for (const part of [".masthead", "#modes", "#save"]) assert.ok(await page.locator(part).isHidden(), part);
      assert.ok(await hook(page, "generate").isVisible());
    }));

  test("how it works has the sizes of the manifest", () =>
    withPage(browser, { width: 390, height: 844 }, async (page) => {
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
      assert.deepEqual(await seriousFindings(page), []);
      await page.keyboard.press("Escape");
      assert.ok(await page.locator("#how").isHidden());
    }));

  test("axe finds nothing serious in a presentation", () =>
    withPage(browser, {}, async (page) => {
      await page.goto(address({ present: 1 }));
      await hook(page, "deviation").and(page.locator("[data-value]")).waitFor({ state: "attached" });
      assert.deepEqual(await seriousFindings(page), []);
    }));
});
