// A link shows what the page shows: settings, results, back and forward.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { npy } from "./npy.mjs";
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
  ["invert", "rounds", "3"],
  ["invert", "data", "Style-A"],
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
      await page.goto(address({ mode: "invert", data: "FlatVel-A", maps: 2, steps: 2, map: 1, run: 1 }));
      await reach(page, ["done"], LOADING + FLEX);
      const maps = hook(page, "inverted-map");
      assert.equal(await maps.nth(1).getAttribute("aria-pressed"), "true");
      await assertPictures(page);
    }));

  test("a link to a drawing shows what was drawn, and one to its inversion inverts it", { timeout: 1000 * (3 * LOADING + FLEX) }, async () => {
    let link;
    let drawn;
    await withPage(site.browser, {}, async (page) => {
      await page.goto(address({ mode: "draw", tool: "layer", speed: 4000, steps: 2, maps: 1, load: 0 }));
      await hook(page, "easel").waitFor();
      await hook(page, "from-layers").click();
      await hook(page, "easel").click({ position: { x: 100, y: 100 } });
      drawn = await picture(page);
      await page.waitForURL(/#drawn=/);
      await hook(page, "undo").click();
      assert.notEqual(await picture(page), drawn);
      await hook(page, "redo").click();
      // The address follows in a moment.
      await page.waitForTimeout(1000);
      link = page.url();
      await hook(page, "mode-generate").click();
      assert.doesNotMatch(page.url(), /drawn=/);
      await page.goBack();
      assert.equal(await picture(page), drawn);
      await hook(page, "qr").click();
      await page.locator("#code svg").waitFor();
    });
    await withPage(site.browser, {}, async (page) => {
      await page.goto(link.replace("load=0", "load=1"));
      await hook(page, "easel").waitFor();
      assert.equal(await picture(page), drawn);
      await reach(page, ["ready"], LOADING);
      await hook(page, "generate").and(page.locator(":enabled")).click();
      await reach(page, ["done"], FLEX);
      await page.waitForURL(/mode=invert.*data=drawn/);
      link = page.url();
    });
    await withPage(site.browser, {}, async (page) => {
      await page.goto(link);
      await reach(page, ["done"], LOADING + FLEX);
      assert.equal(await hook(page, "inverted-map").count(), 1);
      assert.equal(await hook(page, "data").locator("option:checked").innerText(), "what was drawn");
      assert.ok(Number(await hook(page, "invert-mae").getAttribute("data-value")) > 1);
    });
  });

  test("a drawing that is damaged in the address is replaced, and that is said", { timeout: 2000 * LOADING }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(`${address({ mode: "draw" })}#drawn=AAAA`);
      await reach(page, ["ready"], LOADING);
      assert.match(await hook(page, "error").innerText(), /damaged/);
      await hook(page, "deviation").and(page.locator("main:not(.unanswered) [data-value]")).waitFor({ timeout: 1000 * LOADING });
      await assertPictures(page);
    }));

  test("a file of the visitor's own is kept for its address, here and nowhere else", { timeout: 1000 * (3 * LOADING + FLEX) }, async () => {
    let link;
    const chosen = (page) => hook(page, "data").locator("option:checked").innerText();
    await withPage(site.browser, {}, async (page) => {
      await page.goto(address({ mode: "invert", maps: 1, steps: 1 }));
      await reach(page, ["ready"], LOADING);
      const values = Float32Array.from({ length: 350_000 }, (_, i) => Math.sin(i / 700));
      const buffer = npy([5, 1000, 70], values);
      await hook(page, "gathers-file").setInputFiles({ name: "Möhne 1.npy", mimeType: "application/octet-stream", buffer });
      await page.waitForURL(/data=file-[0-9a-f]{16}/);
      await hook(page, "generate").click();
      await reach(page, ["running"], 10);
      await reach(page, ["done"], FLEX);
      link = page.url();
      await page.reload();
      await reach(page, ["done"], LOADING + FLEX);
      assert.equal(await chosen(page), "Möhne 1.npy");
      assert.equal(await hook(page, "inverted-map").count(), 1);
    });
    await withPage(site.browser, {}, async (page) => {
      await page.goto(link);
      await reach(page, ["ready"], LOADING);
      assert.match(await hook(page, "error").innerText(), /not kept in this browser/);
      assert.equal(await chosen(page), "a file that is not here");
      assert.ok(await hook(page, "generate").isDisabled());
    });
  });

  test("a link to a wavefield that stands shows it standing there", { timeout: 1000 * (2 * LOADING + FLEX) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(address({ shot: 1 }));
      await reach(page, ["ready"], LOADING);
      await hook(page, "play").click();
      await hook(page, "scrub").and(page.locator(":enabled")).waitFor();
      await hook(page, "scrub").fill("60");
      await page.waitForURL(/frame=60/);
      const wave = () => page.locator("canvas.wave").evaluate((canvas) => canvas.toDataURL());
      const seen = await wave();
      await page.reload();
      await hook(page, "scrub").and(page.locator(":enabled")).waitFor({ timeout: 1000 * LOADING });
      assert.equal(await hook(page, "scrub").inputValue(), "60");
      assert.equal(await wave(), seen);
      assert.match(page.url(), /frame=60/);
      await hook(page, "play").click();
      await page.waitForURL((url) => !url.searchParams.has("frame"));
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
