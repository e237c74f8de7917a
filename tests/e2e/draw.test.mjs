// Drawing on the velocity map, in real Chromium on the Flex backend: mouse, keys, touch and files.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { withPage } from "./browser.mjs";
import { npy, parseNpy } from "./npy.mjs";
import { assertPictures, deviation, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

/** Seconds. */
const LOADING = 120;
const RUN = 300;
/** Milliseconds that simulation and prediction may take. */
const ANSWER = 60_000;

const dist = fileURLToPath(new URL("../../www/dist/", import.meta.url));

/** The velocity map as it is painted. */
const picture = (page) => hook(page, "velocity-canvas").evaluate((canvas) => canvas.toDataURL());

/** Waits until the verdict is of the map on screen. */
async function answered(page) {
  await page.locator("main:not(.unanswered)").waitFor({ timeout: ANSWER });
  await hook(page, "deviation").and(page.locator("[data-value]")).waitFor({ timeout: ANSWER });
}

/** Draws a line with the mouse; places are shares of the map's width and height. */
async function drag(page, ...places) {
  await hook(page, "easel").scrollIntoViewIfNeeded();
  const { x, y, width, height } = await hook(page, "easel").boundingBox();
  const [first, ...rest] = places.map(([across, down]) => [x + across * width, y + down * height]);
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const place of rest) await page.mouse.move(...place, { steps: 4 });
  await page.mouse.up();
}

/** The file that a button offers. */
async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), hook(page, button).click()]);
  return { name: download.suggestedFilename(), ...parseNpy(readFileSync(await download.path())) };
}

describe("drawing", () => {
  const site = openSite({ gpu: false });
  const open = async (page, settings = {}) => {
    await page.goto(`${site.address}?${new URLSearchParams({ backend: "flex", mode: "draw", ...settings })}`);
    await reach(page, ["ready"], LOADING);
    await answered(page);
  };

  test("a painted body changes the map and the verdict, and undo brings both back", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { speed: 4500, radius: 100 });
      await assertPictures(page);
      const [before, verdict] = [await picture(page), await deviation(page)];
      await drag(page, [0.3, 0.4], [0.6, 0.5]);
      assert.notEqual(await picture(page), before);
      await page.locator("main.unanswered").waitFor();
      await answered(page);
      assert.notEqual(await deviation(page), verdict);
      await assertPictures(page);
      await hook(page, "undo").click();
      assert.equal(await picture(page), before);
      await answered(page);
      assert.equal(await deviation(page), verdict);
      await page.keyboard.press("Control+Shift+Z");
      assert.notEqual(await picture(page), before);
      await hook(page, "reset").click();
      assert.equal(await picture(page), before);
    }));

  test("layers and faults are drawn, and map and gathers saved", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { tool: "layer", speed: 2000, throw: 150 });
      await hook(page, "from-layers").click();
      const level = await picture(page);
      await drag(page, [0, 0.5], [1, 0.7]);
      const layered = await picture(page);
      await page.locator("label", { has: hook(page, "tool-fault") }).click();
      await page.waitForURL(/tool=fault/);
      await drag(page, [0.6, 0], [0.4, 1]);
      assert.equal(new Set([level, layered, await picture(page)]).size, 3);
      await answered(page);
      const { name, shape, values } = await saved(page, "export-velocity");
      assert.equal(name, "drawn-velocity.npy");
      assert.deepEqual(shape, [1, 1, 70, 70]);
      assert.ok(values.includes(2000) && values.every((value) => value >= 1500 && value <= 4500));
      const simulated = await saved(page, "export-simulated");
      assert.deepEqual(simulated.shape, [1, 5, 1000, 70]);
    }));

  test("the keyboard paints too", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { speed: 1500 });
      const before = await picture(page);
      await hook(page, "easel").focus();
      await page.keyboard.press("Shift+ArrowDown");
      assert.match(await hook(page, "velocity-canvas-readout").innerText(), /450 m deep/);
      await page.keyboard.press("Enter");
      const painted = await picture(page);
      assert.notEqual(painted, before);
      await page.locator("label", { has: hook(page, "tool-fault") }).click();
      await hook(page, "easel").focus();
      await page.keyboard.press("Enter");
      await page.keyboard.press("Shift+ArrowUp");
      await page.keyboard.press("Escape");
      assert.equal(await picture(page), painted);
      await answered(page);
    }));

  test("a finger paints and does not scroll", { timeout: 1000 * (LOADING + RUN) }, async () => {
    const page = await site.browser.newPage({ hasTouch: true, viewport: { width: 390, height: 844 } });
    await open(page, { tool: "layer", speed: 4500 });
    await hook(page, "easel").scrollIntoViewIfNeeded();
    const before = await picture(page);
    const top = await page.evaluate(() => scrollY);
    const { x, y, width, height } = await hook(page, "easel").boundingBox();
    const session = await page.context().newCDPSession(page);
    const touch = (type, ...touchPoints) => session.send("Input.dispatchTouchEvent", { type, touchPoints });
    await touch("touchStart", { x: x + 0.1 * width, y: y + 0.3 * height });
    for (const share of [0.4, 0.5, 0.6]) await touch("touchMove", { x: x + share * width, y: y + share * height });
    await touch("touchEnd");
    assert.notEqual(await picture(page), before);
    assert.equal(await page.evaluate(() => scrollY), top);
    await answered(page);
    await page.close();
  });

  test("a map of the visitor's own is drawn on, and other files refused", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page);
      const file = hook(page, "velocity-file");
      const before = await picture(page);
      const give = (name, buffer) => file.setInputFiles({ name, mimeType: "application/octet-stream", buffer });
      const own = readFileSync(`${dist}/prepared/Style-A.npy`);
      for (const [name, buffer, said] of [
        ["small.npy", npy([60, 60], new Float32Array(3600).fill(2000)), /\(60, 60\).*\(70, 70\)/],
        ["nan.npy", npy([70, 70], new Float32Array(4900).fill(Number.NaN)), /NaN/],
        ["cut.npy", own.subarray(0, 5000), /cut\.npy/],
        ["notes.npy", Buffer.from("no array at all"), /notes\.npy/],
      ]) {
        await give(name, buffer);
        const error = hook(page, "error");
        await error.filter({ hasText: name }).waitFor();
        assert.match(await error.innerText(), said);
        assert.match(await error.innerText(), /bad-file/);
      }
      assert.equal(await picture(page), before);
      await give("fast.npy", npy([70, 70], new Float32Array(4900).fill(9000)));
      await hook(page, "status").filter({ hasText: "cannot be simulated" }).waitFor();
      assert.match(await hook(page, "error").innerText(), /9000/);
      await hook(page, "undo").click();
      await answered(page);
      assert.equal(await hook(page, "error").isVisible(), false);
      await give("mine.npy", own);
      await page.locator("main.unanswered").waitFor();
      await answered(page);
      assert.notEqual(await picture(page), before);
      const { values } = await saved(page, "export-velocity");
      assert.deepEqual(values, parseNpy(own).values);
    }));

  test("a file that is dropped on the map is drawn on", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page);
      const before = await picture(page);
      const own = [...readFileSync(`${dist}/prepared/FlatVel-A.npy`)];
      const dropped = await page.evaluateHandle((bytes) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(bytes)], "mine.npy"));
        return transfer;
      }, own);
      await hook(page, "easel").dispatchEvent("drop", { dataTransfer: dropped });
      await page.locator("main.unanswered").waitFor();
      await answered(page);
      assert.notEqual(await picture(page), before);
    }));

  test("what was drawn is inverted, and its error known", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await open(page, { maps: 2, steps: 2 });
      await hook(page, "generate").click();
      await reach(page, ["running"], 10);
      await reach(page, ["done"], RUN);
      assert.match(page.url(), /mode=invert/);
      assert.equal(await hook(page, "inverted-map").count(), 2);
      const error = Number(await hook(page, "invert-mae").getAttribute("data-value"));
      assert.ok(error > 1 && error < 1500, `${error} m/s`);
      await page.goBack();
      await hook(page, "easel").waitFor();
      await assertPictures(page);
    }));
});
