// What axe-core finds on the page in each mode, on a stage and on the tour, light and dark: nothing serious.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seriousFindings } from "./axe.mjs";
import { hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

describe("accessibility", () => {
  const site = openSite({ gpu: false });

  for (const colorScheme of ["light", "dark"]) {
    const open = async (settings) => {
      const page = await site.browser.newPage({ colorScheme });
      await page.goto(`${site.address}?${new URLSearchParams({ backend: "flex", ...settings })}`);
      const there = ["skipped", "ready"].map((state) => `[data-testid=status][data-state=${state}]`).join(",");
      await page.locator(there).waitFor({ state: "attached", timeout: 120_000 });
      return page;
    };

    for (const mode of ["generate", "gallery", "invert", "draw", "morph"]) {
      test(`${mode}, ${colorScheme}`, async () => {
        const page = await open({ mode, steps: 1, maps: 2, points: 3, path: 0 });
        if (mode === "draw") await hook(page, "deviation").and(page.locator("[data-value]")).waitFor();
        else {
          await hook(page, "generate").click();
          await reach(page, ["running"], 10);
          await reach(page, ["done"], 300);
        }
        assert.deepEqual(await seriousFindings(page), []);
        await page.close();
      });
    }

    test(`what is laid over the page, ${colorScheme}`, async () => {
      const page = await open({ load: 0 });
      await hook(page, "display").click();
      assert.deepEqual(await seriousFindings(page), [], "display");
      await page.keyboard.press("Escape");
      await hook(page, "how").click();
      assert.deepEqual(await seriousFindings(page), [], "how it works");
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      assert.deepEqual(await seriousFindings(page), [], "keys");
      await page.close();
    });

    for (const settings of [{ present: 1 }, { present: 5 }, { embed: 1 }, { bare: 1 }]) {
      test(`${JSON.stringify(settings)}, ${colorScheme}`, async () => {
        const page = await open({ load: 0, ...settings });
        assert.deepEqual(await seriousFindings(page), []);
        await page.close();
      });
    }

    test(`the tour, ${colorScheme}`, async () => {
      const page = await open({ load: 0, tour: 1 });
      const box = page.getByRole("dialog");
      await box.waitFor();
      const [, stops] = (await box.innerText()).match(/1 of (\d+)/);
      let stop = 1;
      for (; await box.isVisible(); stop++) {
        await box.filter({ hasText: `${stop} of` }).waitFor();
        await page.waitForTimeout(500);
        assert.deepEqual(await seriousFindings(page), [], `stop ${stop}`);
        await page.keyboard.press("ArrowRight");
        await page.waitForTimeout(100);
      }
      assert.equal(stop - 1, Number(stops), "the tour ended early");
      await page.close();
    });
  }
});
