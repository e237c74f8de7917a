// The modes of the page beside Generate, in real Chromium on the Flex backend.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { withPage } from "./browser.mjs";
import { simulate } from "./native.mjs";
import { npy, parseNpy } from "./npy.mjs";
import { assertPictures, deviation, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

/** Seconds. */
const LOADING = 120;
const RUN = 300;

const dist = fileURLToPath(new URL("../../www/dist/", import.meta.url));

describe("the modes", () => {
  const site = openSite({ gpu: false });
  const open = async (page, settings) => {
    await page.goto(`${site.address}?${new URLSearchParams({ backend: "flex", ...settings })}`);
    await reach(page, ["ready"], LOADING);
  };
  const run = async (page) => {
    await hook(page, "generate").click();
    await reach(page, ["running"], 10);
    await reach(page, ["done"], RUN);
  };

  test("a gallery is sorted by deviation, and a pair of it opens", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { steps: 2, family: "Style-A" });
      await hook(page, "mode-gallery").click();
      assert.match(page.url(), /mode=gallery/);
      await run(page);
      const items = hook(page, "gallery-item");
      assert.equal(await items.count(), 12);
      const values = await items.evaluateAll((all) => all.map((item) => Number(item.dataset.value)));
      assert.deepEqual(values, [...values].sort((a, b) => a - b));
      await items.nth(3).click();
      assert.match(page.url(), /mode=generate/);
      assert.equal(await deviation(page), values[3]);
      await assertPictures(page);
      await page.goBack();
      assert.match(page.url(), /mode=gallery/);
      await items.first().waitFor({ state: "visible" });
    }));

  test("a gallery that is called off keeps what it has", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { mode: "gallery", steps: 3 });
      await hook(page, "generate").click();
      const items = hook(page, "gallery-item");
      await items.first().waitFor();
      assert.ok(await items.first().isDisabled(), "a pair opens while the others are made");
      await hook(page, "cancel").click();
      await reach(page, ["ready"], 30);
      assert.ok((await items.count()) < 12);
      assert.ok(await items.first().isEnabled());
    }));

  test("prepared data become maps whose error is known", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { mode: "invert", maps: 3, steps: 2, data: "FlatVel-A" });
      await run(page);
      const maps = hook(page, "inverted-map");
      assert.equal(await maps.count(), 3);
      const error = Number(await hook(page, "invert-mae").getAttribute("data-value"));
      assert.ok(error > 1 && error < 1000, `${error} m/s`);
      await assertPictures(page);
      const before = await hook(page, "invert-mae").innerText();
      const other = await maps.evaluateAll((all) => all.findIndex((map) => map.ariaPressed === "false"));
      await maps.nth(other).focus();
      await page.keyboard.press("Enter");
      assert.equal(await maps.nth(other).getAttribute("aria-pressed"), "true");
      assert.ok(await maps.nth(other).evaluate((map) => map === document.activeElement), "the focus is lost");
      assert.notEqual(await hook(page, "invert-mae").innerText(), before);
    }));

  test("a round of refinement explains more of the data", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { mode: "invert", maps: 2, rounds: 1, steps: 2, data: "FlatVel-A" });
      await hook(page, "generate").click();
      await hook(page, "status").filter({ hasText: /Refining, round 1: step \d+ of \d+/ }).waitFor();
      await reach(page, ["done"], RUN);
      const maps = hook(page, "inverted-map");
      const names = await maps.locator("b").allInnerTexts();
      assert.deepEqual(names, ["as encoded", "refined 1", "sample 1"]);
      const notes = await maps.locator("span").allInnerTexts();
      const misfits = notes.map((note) => Number(/misfit ([\d.]+)/.exec(note)?.[1]));
      assert.ok(misfits[1] < misfits[0], `${misfits}`);
      await assertPictures(page);
    }));

  test("a visitor's own data are inverted, and other files refused", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { mode: "invert", maps: 1, steps: 2 });
      const file = hook(page, "gathers-file");
      const good = simulate(`${dist}/prepared/CurveFault-A.npy`);
      const bad = {
        "narrow.npy": npy([5, 1000, 60], new Float32Array(300_000)),
        "cut.npy": good.subarray(0, 10_000),
        "notes.npy": Buffer.from("no array at all"),
        "map.npy": readFileSync(`${dist}/prepared/Style-A.npy`),
      };
      for (const [name, buffer] of Object.entries(bad)) {
        await file.setInputFiles({ name, mimeType: "application/octet-stream", buffer });
        const error = hook(page, "error");
        await error.filter({ hasText: name }).waitFor();
        assert.match(await error.innerText(), /bad-file/);
      }
      await file.setInputFiles({ name: "mine.npy", mimeType: "application/octet-stream", buffer: good });
      await page.locator("[data-testid=data] option", { hasText: "mine.npy" }).waitFor({ state: "attached" });
      await run(page);
      assert.equal(await hook(page, "inverted-map").count(), 1);
      assert.equal(await hook(page, "invert-mae").getAttribute("data-value"), null);
      await assertPictures(page);
    }));

  test("data that are dropped are inverted", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { mode: "invert", maps: 1, steps: 1 });
      const dropped = await page.evaluateHandle(
        (bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], "dropped.npy"));
          return transfer;
        },
        npy([5, 1000, 70], parseNpy(simulate(`${dist}/prepared/FlatVel-A.npy`)).values).toString("base64"),
      );
      await hook(page, "drop-gathers").dispatchEvent("drop", { dataTransfer: dropped });
      await page.locator("[data-testid=data] option", { hasText: "dropped.npy" }).waitFor({ state: "attached" });
      await run(page);
      assert.equal(await hook(page, "inverted-map").count(), 1);
      await assertPictures(page);
    }));

  test("a file that is dropped where none is wanted does not leave the page", () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { mode: "generate" });
      const left = await page.evaluate(() =>
        ["dragover", "drop"].map((kind) => document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true }))),
      );
      assert.deepEqual(left, [false, false]);
      assert.ok(await hook(page, "error").isHidden());
    }));
});
