// What happens to a visitor when the browser, the GPU, the network or the disk fails: the table in docs/robustness.md.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { withPage } from "./browser.mjs";
import {
  endWorker,
  inWorker,
  lesser,
  loseDevices,
  loseThemNow,
  MORTAL,
  NO_ADAPTER,
  NO_WEBGPU,
  without,
} from "./faults.mjs";
import { assertPictures, deviation, generate, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

const LOADING = 120;
const FLEX = 240;
const WEBGPU = 900;

/** Seconds that a tab is hidden; `HIDDEN_SECONDS` asks for more. */
const HIDDEN = Number(process.env.HIDDEN_SECONDS ?? 3);

const expected = (backend) => JSON.parse(readFileSync(new URL(`expected/${backend}.json`, import.meta.url), "utf8"));

describe("when something fails", () => {
  const site = openSite({ gpu: true });

  const address = (settings) => `${site.address}?${new URLSearchParams({ path: 0, ...settings })}`;
  const request = ({ family, seed, steps, guidance }) => ({ family, seed, steps, guidance });

  /** Fails unless the pair on screen deviates as the native program's does. */
  const assertNative = async (page, backend) => {
    const [found, native] = [await deviation(page), expected(backend).deviation];
    assert.ok(Math.abs(found - native) <= 0.02 * native, `${found} in the browser, ${native} natively`);
    await assertPictures(page);
  };

  const small = { maxStorageBuffersPerShaderStage: 4 };
  const tiny = { maxStorageBufferBindingSize: 1 << 20, maxBufferSize: 1 << 20 };
  for (const [what, fault, reason] of [
    ["WebGPU is switched off", NO_WEBGPU, /no WebGPU/],
    ["there is no adapter", NO_ADAPTER, /no adapter/],
    ["the adapter has no timestamp queries", without("timestamp-query"), /offers no timestamp queries/],
    ["the adapter has too few storage buffers", lesser(small), /offers 4 storage buffers/],
    ["the adapter's storage buffers are too small", lesser(tiny), /offers 1048576 bytes of a storage buffer/],
  ]) {
    test(`${what}: the processor computes, and the page says why`, { timeout: 1000 * LOADING }, () =>
      withPage(site.browser, {}, async (page) => {
        await inWorker(page, fault);
        await page.goto(address({ backend: "webgpu" }));
        await reach(page, ["ready"], LOADING);
        assert.equal(await hook(page, "backend").innerText(), "flex");
        assert.match(await hook(page, "fallback").innerText(), reason);
      }));
  }

  test("the device is lost while sampling: a new one makes the same pair", { timeout: 1000 * (LOADING + WEBGPU) }, () =>
    withPage(site.browser, {}, async (page) => {
      await inWorker(page, loseDevices(1, 40));
      await page.goto(address({ ...request(expected("webgpu")), backend: "webgpu" }));
      await reach(page, ["ready"], LOADING);
      await loseThemNow(page);
      await generate(page, WEBGPU);
      assert.match(await hook(page, "error").innerText(), /lost/);
      assert.equal(await hook(page, "backend").innerText(), "webgpu");
      await assertNative(page, "webgpu");
    }));

  test("the device is lost while the engine loads: it loads on a new one", { timeout: 2000 * LOADING }, () =>
    withPage(site.browser, {}, async (page) => {
      await inWorker(page, loseDevices(1, 5, true));
      await page.goto(address({ backend: "webgpu" }));
      await reach(page, ["ready"], 2 * LOADING);
      assert.equal(await hook(page, "backend").innerText(), "webgpu");
    }));

  test("the device is lost again and again: the processor takes over", { timeout: 1000 * (LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await inWorker(page, loseDevices(9, 20));
      await page.goto(address({ ...request(expected("flex")), backend: "webgpu" }));
      await reach(page, ["ready"], LOADING);
      await loseThemNow(page);
      await generate(page, FLEX);
      assert.equal(await hook(page, "backend").innerText(), "flex");
      assert.match(await hook(page, "fallback").innerText(), /lost/);
      await assertNative(page, "flex");
    }));

  test("the worker is ended while it computes: another one takes its place", { timeout: 1000 * (2 * LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await inWorker(page, MORTAL);
      await page.goto(address({ ...request(expected("flex")), backend: "flex" }));
      await reach(page, ["ready"], LOADING);
      await hook(page, "generate").click();
      await reach(page, ["running"], 10);
      await endWorker(page);
      await page.locator("[data-testid=error]:visible").waitFor({ timeout: 10_000 });
      await page.locator("[data-testid=status][data-state=ready]").waitFor({ timeout: 1000 * LOADING });
      await generate(page, FLEX);
      await assertNative(page, "flex");
    }));

  test("the weights' manifest is of another version: one sentence says so", { timeout: 1000 * LOADING }, () =>
    withPage(site.browser, { expected: /manifest/ }, async (page) => {
      await page.route(/manifest\.json$/, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...(await response.json()), format: 2 } });
      });
      await page.goto(address({ backend: "flex" }));
      await reach(page, ["error"], LOADING);
      assert.match(await hook(page, "error").innerText(), /format 1/);
    }));

  test("slow weights: the bar fills, then the page is ready", { timeout: 1000 * LOADING }, () =>
    withPage(site.browser, {}, async (page) => {
      let arrive;
      await page.route(/weights\.safetensors/, async (route) => {
        await new Promise((resolve) => {
          arrive = resolve;
        });
        await route.continue();
      });
      await page.goto(address({ backend: "flex" }));
      await page.waitForFunction(() => document.querySelector("[data-testid=progress]").value > 0.1, null, { timeout: 60_000 });
      assert.equal(await hook(page, "status").getAttribute("data-state"), "loading");
      await assertPictures(page);
      arrive();
      await reach(page, ["ready"], LOADING);
    }));

  test("the disk is full: the weights are used without being kept", { timeout: 1000 * LOADING }, () =>
    withPage(site.browser, {}, async (page) => {
      const session = await page.context().newCDPSession(page);
      await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(site.address).origin, quotaSize: 1e6 });
      await page.goto(address({ backend: "flex" }));
      await reach(page, ["ready"], LOADING);
      const kept = await page.evaluate(async () => (await (await caches.open("wavediffusion-weights")).keys()).length);
      assert.equal(kept, 0);
    }));

  test("the tab is frozen while a pair is made, as hidden ones are: it goes on afterwards", {
    timeout: 1000 * (LOADING + FLEX + HIDDEN),
  }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ ...request(expected("flex")), backend: "flex" }));
      await reach(page, ["ready"], LOADING);
      await hook(page, "generate").click();
      await reach(page, ["running"], 10);
      const session = await page.context().newCDPSession(page);
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      await wait(1000 * HIDDEN);
      await session.send("Page.setWebLifecycleState", { state: "active" });
      await reach(page, ["done"], FLEX);
      await assertNative(page, "flex");
    }));

  test("two tabs at once do not disturb each other", { timeout: 1000 * (LOADING + 2 * FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      const pages = [page, await page.context().newPage()];
      await Promise.all(
        pages.map(async (tab) => {
          await tab.goto(address({ ...request(expected("flex")), backend: "flex" }));
          await reach(tab, ["ready"], 2 * LOADING);
          await generate(tab, 2 * FLEX);
          await assertNative(tab, "flex");
        }),
      );
    }));
});
