// The page without a network, after a visit with one.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { assertPictures, deviation, generate, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

const LOADING = 120;
const FLEX = 240;

describe("without a network", () => {
  const site = openSite({ gpu: false });

  test("a page that has been visited loads and generates", { timeout: 1000 * (2 * LOADING + FLEX) }, () =>
    withPage(site.browser, { serviceWorkers: "allow", expected: /ERR_(FAILED|CONNECTION_REFUSED)/ }, async (page) => {
      await page.goto(`${site.address}?backend=flex&family=Style-A&seed=2&steps=2&path=0`);
      await reach(page, ["ready"], LOADING);
      await hook(page, "kept").waitFor({ timeout: 1000 * LOADING });
      await site.disconnect();
      // Other settings than those of the first visit.
      await page.goto(`${site.address}?backend=flex&family=Style-B&seed=3&steps=2&path=0`);
      await reach(page, ["ready"], LOADING);
      await generate(page, FLEX);
      assert.equal(await hook(page, "family").inputValue(), "Style-B");
      assert.ok((await deviation(page)) > 0);
      await assertPictures(page);
      // Browsers clear what a page keeps when disks fill; what it says then must not be a blank window.
      await page.evaluate(() => caches.delete("wavediffusion-weights"));
      await page.goto(`${site.address}?backend=flex`);
      await reach(page, ["error"], LOADING);
      assert.match(await hook(page, "error").innerText(), /the network does not answer.*offline/s);
      assert.ok(await hook(page, "retry").isVisible());
      await assertPictures(page);
    }));
});
