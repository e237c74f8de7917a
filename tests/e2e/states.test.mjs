// What the page says and does where something is missing or in the way.

import assert from "node:assert/strict";
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, withPage } from "./browser.mjs";
import { assertPictures, deviation, generate, hook, reach } from "./page.mjs";
import { serve } from "./server.mjs";
import { openSite } from "./site.mjs";
import { failOnce } from "./worker.mjs";

/** Seconds. */
const LOADING = 120;
const FLEX = 240;

const dist = fileURLToPath(new URL("../../www/dist/", import.meta.url));
const phase = (page) => hook(page, "status").getAttribute("data-state");
const example = (page) => hook(page, "deviation").and(page.locator("[data-value]")).waitFor();

describe("the states of the page", () => {
  const site = openSite({ gpu: false });
  const address = (settings) => `${site.address}?${new URLSearchParams(settings)}`;

  test("the engine can be skipped while it arrives, and loaded later", { timeout: 1000 * LOADING }, () =>
    withPage(site.browser, {}, async (page) => {
      let held = true;
      await page.route(/weights\.safetensors/, (route) => (held ? undefined : route.continue()));
      await page.goto(address({ backend: "flex" }));
      await example(page);
      await hook(page, "skip").click();
      assert.equal(await phase(page), "skipped");
      await page.waitForURL(/load=0/);
      assert.match(await hook(page, "fallback").innerText(), /example/);
      await assertPictures(page);
      held = false;
      assert.equal(await hook(page, "generate").innerText(), "Load the engine");
      await hook(page, "generate").click();
      await reach(page, ["ready"], LOADING);
      assert.equal(await hook(page, "generate").innerText(), "Generate");
      await page.waitForURL((url) => !url.searchParams.has("load"));
    }));

  test("a page that is to do without the engine fetches none of it", () =>
    withPage(site.browser, {}, async (page) => {
      const fetched = [];
      page.on("request", (request) => fetched.push(request.url()));
      await page.goto(address({ load: 0 }));
      await example(page);
      assert.equal(await phase(page), "skipped");
      await page.waitForTimeout(500);
      assert.deepEqual(fetched.filter((url) => /safetensors|\.wasm/.test(url)), []);
    }));

  test("without a network and without the weights at hand it says so, and tries again", { timeout: 1000 * LOADING }, () =>
    withPage(site.browser, { expected: /ERR_INTERNET_DISCONNECTED/ }, async (page) => {
      await page.route(/weights\.safetensors/, (route) => route.abort("internetdisconnected"));
      await page.goto(address({ backend: "flex" }));
      await reach(page, ["error"], LOADING);
      assert.match(await hook(page, "error").innerText(), /weights\.safetensors could not be fetched: the network does not answer\..*offline/s);
      await assertPictures(page);
      await page.unroute(/weights\.safetensors/);
      await hook(page, "retry").click();
      await reach(page, ["ready"], LOADING);
      assert.ok(await hook(page, "error").isHidden());
    }));

  for (const [code, message] of [
    ["device-lost", "The browser took the GPU device away."],
    ["out-of-memory", "The engine stopped: the browser has no memory left for it."],
  ]) {
    test(`after ${code} the engine starts again and goes on`, { timeout: 1000 * (2 * LOADING + FLEX) }, () =>
      withPage(site.browser, {}, async (page) => {
        await failOnce(page, "generate", code, message);
        await page.goto(address({ backend: "flex", steps: 1, path: 0, seed: 5 }));
        await reach(page, ["ready"], LOADING);
        await hook(page, "generate").click();
        const error = hook(page, "error").filter({ hasText: "The engine has been started again." });
        await error.waitFor({ timeout: 1000 * LOADING });
        assert.match(await error.innerText(), new RegExp(`${message}.*${code}`, "s"));
        assert.equal(await phase(page), "ready");
        await generate(page, FLEX);
        assert.ok(await hook(page, "error").isHidden());
        assert.ok((await deviation(page)) > 0);
      }));
  }

  test("a long run tells how much longer it takes", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ backend: "flex", steps: 50 }));
      await reach(page, ["ready"], LOADING);
      await hook(page, "generate").click();
      const status = hook(page, "status");
      await status.filter({ hasText: /step \d+ of 50, about \d+ (s|min) left/ }).waitFor({ timeout: 1000 * FLEX });
      await hook(page, "cancel").click();
      await reach(page, ["ready"], 60);
      assert.match(await status.innerText(), /^Cancelled after step \d+ of 50$/);
    }));

  test("a file of two gigabytes is refused before it is read", { timeout: 1000 * LOADING }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "wavediffusion-"));
    const huge = join(folder, "huge.npy");
    try {
      // A sparse file: it takes no space.
      const file = openSync(huge, "w");
      ftruncateSync(file, 2e9);
      closeSync(file);
      await withPage(site.browser, {}, async (page) => {
        await page.goto(address({ backend: "flex", mode: "invert" }));
        await reach(page, ["ready"], LOADING);
        const said = hook(page, "error").filter({ hasText: /huge\.npy: It has 2000 MB; files of up to \d+ MB are read here/ });
        await hook(page, "gathers-file").setInputFiles(huge);
        await said.waitFor();
        await hook(page, "mode-draw").click();
        await hook(page, "velocity-file").setInputFiles(huge);
        await said.waitFor();
        assert.equal(await phase(page), "ready");
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("the page works in any folder of any host", { timeout: 1000 * LOADING }, async () => {
  const root = mkdtempSync(join(tmpdir(), "wavediffusion-"));
  mkdirSync(join(root, "of", "somebody"), { recursive: true });
  symlinkSync(dist, join(root, "of", "somebody", "waves"));
  const server = await serve(root);
  const browser = await launch({ gpu: false });
  try {
    await withPage(browser, {}, async (page) => {
      await page.goto(`${server.address}of/somebody/waves/?backend=flex&mode=invert&maps=1&steps=1&run=1`);
      await reach(page, ["done"], LOADING);
      await assertPictures(page);
    });
  } finally {
    await browser.close();
    await server.close();
    rmSync(root, { recursive: true });
  }
});

describe("a GPU in software", () => {
  const site = openSite({ gpu: true });

  test("is named, and why it is not used", { timeout: 1000 * LOADING }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(site.address);
      await reach(page, ["ready"], LOADING);
      assert.equal(await hook(page, "backend").innerText(), "flex");
      assert.match(await hook(page, "fallback").innerText(), /would run in software here.*backend=webgpu forces it/);
    }));
});
