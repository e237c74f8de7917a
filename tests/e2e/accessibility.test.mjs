// What axe-core finds on the page in each mode, light and dark: nothing serious.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { seriousFindings } from "./axe.mjs";
import { launch } from "./browser.mjs";
import { hook, reach } from "./page.mjs";
import { serve } from "./server.mjs";

describe("accessibility", () => {
  let server;
  let browser;
  before(async () => {
    server = await serve(fileURLToPath(new URL("../../www/dist/", import.meta.url)));
    browser = await launch({ gpu: false });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const mode of ["generate", "gallery", "invert", "draw", "morph"]) {
      test(`${mode}, ${colorScheme}`, async () => {
        const page = await browser.newPage({ colorScheme });
        await page.goto(`${server.address}?mode=${mode}&steps=1&maps=2&points=3&path=0&backend=flex`);
        await reach(page, ["ready"], 120);
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
  }
});
