// The page in real Chromium: from a seed to a verdict, on each backend, and when something is in the way.
//
// `expected/` holds what the native program says of the same requests; README.md tells how it is made.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { assertPictures, contrast, deviation, generate, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

/** Seconds. The software GPU needs tens of milliseconds for one operation. */
const LOADING = 120;
const FLEX = 240;
const WEBGPU = 900;

const dist = new URL("../../www/dist/", import.meta.url);
const json = (url) => JSON.parse(readFileSync(url, "utf8"));
const manifest = json(new URL("weights/manifest.json", dist));

describe("the page", () => {
  const site = openSite({ gpu: true });
  const address = (settings) => `${site.address}?${new URLSearchParams(settings)}`;

  for (const [backend, seconds] of [["flex", FLEX], ["webgpu", WEBGPU]]) {
    test(`a pair on ${backend} agrees with the native program's`, { timeout: 1000 * (LOADING + seconds) }, () =>
      withPage(site.browser, {}, async (page) => {
        const { family, seed, steps, guidance, deviation: native } = json(
          new URL(`expected/${backend}.json`, import.meta.url),
        );
        await page.goto(address({ family, seed, steps, guidance, path: 0, backend }));
        await reach(page, ["ready"], LOADING);
        assert.equal(await hook(page, "backend").innerText(), backend);
        await generate(page, seconds);
        const found = await deviation(page);
        assert.ok(Math.abs(found - native) <= 0.02 * native, `${found} in the browser, ${native} natively`);
        await assertPictures(page);
      }));
  }

  test("the example is on screen before the engine has arrived", () =>
    withPage(site.browser, {}, async (page) => {
      await page.route(/weights\.safetensors|\.wasm$/, () => {});
      await page.goto(site.address);
      await hook(page, "deviation").and(page.locator("[data-value]")).waitFor();
      assert.equal(await deviation(page), manifest.example.deviation);
      await assertPictures(page);
      assert.equal(await hook(page, "status").getAttribute("data-state"), "loading");
    }));

  test("the page runs nothing but its own files", { timeout: 1000 * LOADING }, () =>
    withPage(site.browser, { expected: /Content Security Policy/ }, async (page) => {
      const strangers = [];
      page.on("request", (request) => {
        const { origin, protocol } = new URL(request.url());
        if (origin !== new URL(site.address).origin && !["data:", "blob:"].includes(protocol)) strangers.push(request.url());
      });
      await page.goto(address({ backend: "flex" }));
      await reach(page, ["ready"], LOADING);
      assert.deepEqual(strangers, []);
      const refused = page.evaluate(
        () =>
          new Promise((resolve) => {
            addEventListener("securitypolicyviolation", ({ effectiveDirective }) => resolve(effectiveDirective));
            setTimeout(() => resolve(null), 2000);
          }),
      );
      await page.evaluate(() => document.body.append(Object.assign(document.createElement("script"), { text: "1" })));
      assert.equal(await refused, "script-src-elem");
    }));

  test("the address holds the settings", () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ family: "curvevel-b", seed: 77, steps: 5, backend: "flex" }));
      await reach(page, ["ready"], LOADING);
      assert.equal(await hook(page, "family").inputValue(), "CurveVel-B");
      assert.equal(await hook(page, "seed").inputValue(), "77");
      assert.equal(await hook(page, "steps").inputValue(), "5");
      await hook(page, "seed").fill("78");
      await page.waitForURL(/seed=78/);
      await page.reload();
      await reach(page, ["ready"], LOADING);
      assert.equal(await hook(page, "seed").inputValue(), "78");
    }));

  test("a run stops between steps and the next one finishes", { timeout: 1000 * (LOADING + 2 * FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ seed: 5, steps: 50, path: 0, backend: "flex" }));
      await reach(page, ["ready"], LOADING);
      await hook(page, "generate").click();
      await reach(page, ["running"], 10);
      await hook(page, "cancel").click();
      await reach(page, ["ready"], 30);
      await page.evaluate(() => {
        const steps = document.querySelector("[data-testid=steps]");
        steps.value = "2";
        steps.dispatchEvent(new Event("input", { bubbles: true }));
      });
      await generate(page, FLEX);
      await assertPictures(page);
    }));

  test("the waves of the simulation are played", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ backend: "flex" }));
      await reach(page, ["ready"], LOADING);
      await hook(page, "play").click();
      await page.waitForFunction(() => Number(document.querySelector("[data-testid=scrub]").value) > 20, null, {
        timeout: 1000 * FLEX,
      });
      assert.ok((await contrast(page, "wavefield-canvas")) > 1, "the wavefield is blank");
    }));

  const weights = /weights\.safetensors/;
  const bytes = () => readFileSync(new URL(`weights/${manifest.weights.file}`, dist));
  const damages = {
    missing: (route) => route.fulfill({ status: 404 }),
    truncated: (route) => route.fulfill({ body: bytes().subarray(0, 100_000) }),
    corrupted: (route) => {
      const body = bytes();
      body[body.length >> 1] ^= 0xff;
      return route.fulfill({ body });
    },
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(`${name} weights are an error in one sentence`, () =>
      withPage(site.browser, { expected: weights }, async (page) => {
        await page.route(weights, damage);
        await page.goto(address({ backend: "flex" }));
        await reach(page, ["error"], LOADING);
        assert.match(await hook(page, "error").innerText(), /\w.*\./);
        assert.ok(await hook(page, "generate").isDisabled());
        await assertPictures(page);
      }));
  }
});

describe("without a GPU", () => {
  const site = openSite({ gpu: false });

  test("the page runs on the processor and says why", () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(`${site.address}?backend=webgpu`);
      await reach(page, ["ready"], LOADING);
      assert.equal(await hook(page, "backend").innerText(), "flex");
      assert.match(await hook(page, "fallback").innerText(), /WebGPU/);
    }));
});
