// Pairs between two seeds, in real Chromium on the Flex backend.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { assertPictures, deviation, generate, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

/** Seconds. */
const LOADING = 120;
const RUN = 300;

const picture = (page) => hook(page, "velocity-canvas").evaluate((canvas) => canvas.toDataURL());

describe("morphing", () => {
  const site = openSite({ gpu: false });

  test("the way ends at the pairs that Generate makes of its seeds", { timeout: 1000 * (LOADING + 3 * RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      const settings = { mode: "morph", family: "CurveVel-A", seed: 5, toward: 6, points: 3, steps: 3, path: 0, point: 1 };
      await page.goto(`${site.address}?${new URLSearchParams({ ...settings, backend: "flex" })}`);
      await reach(page, ["ready"], LOADING);
      await generate(page, RUN);
      const items = hook(page, "morph-item");
      assert.equal(await items.count(), 3);
      const values = await items.evaluateAll((all) => all.map((item) => Number(item.dataset.value)));
      assert.equal(await deviation(page), values[1]);
      assert.match(await hook(page, "command").innerText(), /--seed 5 --toward 6 --fraction 0\.5/);
      await assertPictures(page);

      const maps = [];
      for (const point of [0, 1, 2]) {
        await hook(page, "morph-point").fill(String(point));
        await page.waitForURL((url) => (url.searchParams.get("point") ?? "0") === String(point));
        assert.equal(await deviation(page), values[point]);
        assert.equal(await items.nth(point).getAttribute("aria-pressed"), "true");
        maps.push(await picture(page));
      }
      assert.equal(new Set(maps).size, 3);

      await hook(page, "mode-generate").click();
      for (const [seed, point] of [[5, 0], [6, 2]]) {
        await hook(page, "seed").fill(String(seed));
        await generate(page, RUN);
        assert.equal(await deviation(page), values[point]);
        assert.equal(await picture(page), maps[point]);
      }
    }));

  test("a morph that is called off keeps what it has", { timeout: 1000 * (LOADING + RUN) }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(`${site.address}?mode=morph&points=9&steps=3&backend=flex`);
      await reach(page, ["ready"], LOADING);
      await hook(page, "generate").click();
      await hook(page, "morph-item").first().waitFor();
      await hook(page, "cancel").click();
      await reach(page, ["ready"], 30);
      assert.ok((await hook(page, "morph-item").count()) < 9);
      await assertPictures(page);
    }));
});
