// The main panels as pictures, light and dark, against those kept in `expected/panels`; and every mode on every kind of screen.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { withPage } from "./browser.mjs";
import { withMadeExample } from "./example.mjs";
import { hook } from "./page.mjs";
import { difference, keep } from "./picture.mjs";
import { openSite } from "./site.mjs";

/** Share of a panel's pixels that may differ: text is drawn otherwise on other machines. */
const LIMITS = { ground: 0.04, gathers: 0.04, verdict: 0.06, path: 0.06, controls: 0.08 };

const SCREENS = { phone: [390, 844], tablet: [820, 1180], desktop: [1440, 900], projector: [3840, 2160] };

const dist = fileURLToPath(new URL("../../www/dist/", import.meta.url));

describe("panels", () => {
  const site = openSite({ gpu: false });
  const open = async (page, settings) => {
    await withMadeExample(page, dist);
    await page.goto(`${site.address}?${new URLSearchParams({ load: 0, ...settings })}`);
    await hook(page, "deviation").and(page.locator("[data-value]")).waitFor({ state: "attached" });
  };

  for (const colorScheme of ["light", "dark"]) {
    test(`look as they did, ${colorScheme}`, async () => {
      const page = await site.browser.newPage({ colorScheme, viewport: { width: 1440, height: 900 } });
      const blank = await site.browser.newPage();
      await open(page, {});
      const differing = {};
      for (const panel of Object.keys(LIMITS)) {
        const png = await page.locator(`#${panel}`).screenshot({ animations: "disabled" });
        const expected = new URL(`expected/panels/${panel}-${colorScheme}.png`, import.meta.url);
        await keep(blank, png, expected);
        differing[panel] = await difference(blank, png, expected);
      }
      const wrong = Object.entries(differing).filter(([panel, share]) => share > LIMITS[panel]);
      assert.deepEqual(wrong, []);
      await page.close();
      await blank.close();
    });
  }

  test("another colour map is another picture", async () => {
    const page = await site.browser.newPage({ viewport: { width: 1440, height: 900 } });
    const blank = await site.browser.newPage();
    await open(page, { colors: "rainbow" });
    const png = await page.locator("#ground").screenshot();
    const share = await difference(blank, png, new URL("expected/panels/ground-light.png", import.meta.url));
    assert.ok(share > LIMITS.ground, `${share}`);
    await page.close();
    await blank.close();
  });

  for (const [screen, [width, height]] of Object.entries(SCREENS)) {
    test(`no mode needs sideways scrolling, ${screen}`, () =>
      withPage(site.browser, { width, height }, async (page) => {
        await open(page, {});
        for (const mode of ["generate", "gallery", "invert", "draw", "morph"]) {
          await hook(page, `mode-${mode}`).click();
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= width, `${mode} is ${wide} pixels wide`);
        }
        for (const settings of [{ present: 3 }, { embed: 1 }, { bare: 1 }]) {
          await open(page, settings);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= width, `${JSON.stringify(settings)} is ${wide} pixels wide`);
        }
      }));
  }
});
