// How a pair is shown: colours, gain, wiggles, the direct wave, what the pointer is over, figures.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { withPage } from "./browser.mjs";
import { hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

const LOADING = 120;

const dist = fileURLToPath(new URL("../../www/dist/", import.meta.url));

/** RGBA of a canvas at shares of its width and height. */
const pixel = (page, name, x, y) =>
  hook(page, name).evaluate(
    (canvas, [x, y]) =>
      Array.from(
        canvas.getContext("2d").getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data,
      ),
    [x, y],
  );

describe("the display", () => {
  const site = openSite({ gpu: false });

  const withExample = (query, body) =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(`${site.address}?backend=flex&${query}`);
      await hook(page, "deviation").and(page.locator("[data-value]")).waitFor();
      await body(page);
    });

  test("greys are grey, in the address and after a reload", () =>
    withExample("", async (page) => {
      const before = await pixel(page, "velocity-canvas", 0.5, 0.5);
      await hook(page, "display").click();
      await hook(page, "colors").selectOption("grey");
      const [red, green, blue] = await pixel(page, "velocity-canvas", 0.5, 0.5);
      assert.ok(red === green && green === blue, `${red} ${green} ${blue}`);
      assert.notDeepEqual([red, green, blue, 255], before);
      await page.waitForURL(/colors=grey/);
      await page.reload();
      await hook(page, "deviation").and(page.locator("[data-value]")).waitFor();
      assert.deepEqual(await pixel(page, "velocity-canvas", 0.5, 0.5), [red, green, blue, 255]);
    }));

  test("the gain is the one that was chosen, and is printed", () =>
    withExample("gain=100", async (page) => {
      assert.match(await page.locator(".scale").innerText(), /gain ×100/);
      await hook(page, "display").click();
      await hook(page, "gain").selectOption("3");
      assert.match(await page.locator(".scale").innerText(), /gain ×3$/m);
    }));

  test("wiggles are drawn finer than one pixel a sample", () =>
    withExample("traces=wiggle", async (page) => {
      const width = (name) => hook(page, name).evaluate((canvas) => canvas.width);
      assert.ok((await width("simulated-canvas")) > 70);
    }));

  test("without the direct wave the source's own trace begins in silence", { timeout: 1000 * LOADING }, () =>
    withExample("shot=2&mute=1", async (page) => {
      await reach(page, ["ready"], LOADING);
      await page.waitForFunction(
        () => {
          const canvas = document.querySelector("[data-testid=simulated-canvas]");
          const { width, height } = canvas;
          const early = canvas.getContext("2d").getImageData(width / 2, Math.floor(0.05 * height), 1, 1).data;
          return early[3] === 0;
        },
        null,
        { timeout: 10_000 },
      );
      assert.equal((await pixel(page, "simulated-canvas", 0.5, 0.5))[3], 255);
    }));

  test("the pointer tells what it is over, in every picture that shows the place", () =>
    withExample("", async (page) => {
      await hook(page, "simulated-canvas").hover({ position: { x: 40, y: 60 } });
      const said = await hook(page, "simulated-canvas-readout").innerText();
      assert.match(said, /^\d+ m, 0\.\d{3} s: -?[\d.e-]+$/);
      const [place] = said.split(":");
      for (const other of ["generated", "difference"]) {
        assert.ok((await hook(page, `${other}-canvas-readout`).innerText()).startsWith(place), other);
      }
      assert.ok(await page.locator("#ground .mark.down").isVisible());
      await hook(page, "velocity-canvas").hover({ position: { x: 40, y: 60 } });
      assert.match(await hook(page, "velocity-canvas-readout").innerText(), /^\d+ m, \d+ m deep: \d{4} m\/s$/);
      await page.mouse.move(2, 2);
      assert.ok(await hook(page, "velocity-canvas-readout").isHidden());
    }));

  test("figures hold every picture, its axes and the settings", () =>
    withExample("", async (page) => {
      const save = async (format) => {
        const [file] = await Promise.all([page.waitForEvent("download"), hook(page, `export-${format}`).click()]);
        return [file.suggestedFilename(), readFileSync(await file.path())];
      };
      const [name, svg] = await save("svg");
      const text = svg.toString();
      const { example } = JSON.parse(readFileSync(`${dist}weights/manifest.json`, "utf8"));
      assert.equal(name, `${example.family}-${example.seed}.svg`);
      assert.equal(text.match(/<image /g).length, 6);
      for (const word of ["depth (m)", "time (s)", "receiver (m)", "m/s", "seed", "deviation"]) {
        assert.ok(text.includes(word), word);
      }
      const [, png] = await save("png");
      assert.deepEqual([...png.subarray(1, 4)], [...Buffer.from("PNG")]);
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [3120, 880]);
    }));
});
