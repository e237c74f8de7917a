// What the page saves, read back: by the numbers, and by the native program.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { withPage } from "./browser.mjs";
import { simulate } from "./native.mjs";
import { parseNpy } from "./npy.mjs";
import { deviation, generate, hook, reach } from "./page.mjs";
import { openSite } from "./site.mjs";

/** Seconds. */
const LOADING = 120;
const FLEX = 240;

/** Two CPU solvers in f32, one of them in WebAssembly, over 1000 time steps. */
const SAME_GATHERS = 1e-4;

/** Sums in another order. */
const SAME_SUM = 1e-3;

/** Relative L2 distance of shot gathers, (1, 5, 1000, 70), without the last sample, which OpenFWI's files leave empty. */
function distance(found, expected) {
  let [off, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (Math.floor(i / 70) % 1000 === 999) continue;
    off += (found[i] - expected[i]) ** 2;
    size += expected[i] ** 2;
  }
  return Math.sqrt(off / size);
}

describe("exports", () => {
  const site = openSite({ gpu: false });
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "wavediffusion-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  test("a pair's files have OpenFWI's shapes and the pair's values, and the native program simulates the same from them", {
    timeout: 1000 * (LOADING + FLEX),
  }, () =>
    withPage(site.browser, {}, async (page) => {
      await page.goto(`${site.address}?family=Style-A&seed=9&steps=2&path=0&backend=flex`);
      await reach(page, ["ready"], LOADING);
      assert.ok(await hook(page, "export-velocity").isDisabled(), "the example is not whole");
      await generate(page, FLEX);
      const saved = {};
      for (const [what, shape] of [
        ["velocity", [1, 1, 70, 70]],
        ["generated", [1, 5, 1000, 70]],
        ["simulated", [1, 5, 1000, 70]],
      ]) {
        const [download] = await Promise.all([page.waitForEvent("download"), hook(page, `export-${what}`).click()]);
        assert.equal(download.suggestedFilename(), `Style-A-9-${what}.npy`);
        const path = join(folder, `${what}.npy`);
        await download.saveAs(path);
        const { shape: found, values } = parseNpy(readFileSync(path));
        assert.deepEqual(found, shape);
        assert.ok(values.every(Number.isFinite), what);
        saved[what] = { path, values };
      }
      const { velocity, generated, simulated } = saved;
      assert.ok(velocity.values.every((value) => value >= 1500 && value <= 4500));
      const told = await deviation(page);
      const found = distance(generated.values, simulated.values);
      assert.ok(Math.abs(found - told) <= SAME_SUM * told, `${found} from the files, ${told} on the page`);

      const native = parseNpy(simulate(velocity.path));
      assert.deepEqual(native.shape, [1, 5, 1000, 70]);
      const apart = distance(simulated.values, native.values);
      assert.ok(apart <= SAME_GATHERS, `${apart} between the page's simulation and the native one`);

      const command = await hook(page, "command").innerText();
      assert.equal(command, "wavediffusion sample --family Style-A --seed 9 --steps 2 --guidance 1.8 --out pair");
    }));

  test("command, link and citation are copied", { timeout: 1000 * LOADING }, async () => {
    const context = await site.browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
    const page = await context.newPage();
    await page.goto(`${site.address}?load=0`);
    await hook(page, "deviation").and(page.locator("[data-value]")).waitFor();
    const copied = async (name) => {
      await page.getByRole("button", { name }).click();
      await page.getByRole("button", { name: "Copied" }).waitFor();
      await page.getByRole("button", { name }).waitFor();
      return page.evaluate(() => navigator.clipboard.readText());
    };
    assert.equal(await copied("Copy command"), await hook(page, "command").innerText());
    await hook(page, "seed").fill("77");
    const link = new URL(await copied("Copy link")).searchParams;
    assert.deepEqual([link.get("seed"), link.get("load"), link.has("run")], ["77", "0", false]);
    assert.match(await copied("Copy citation"), /eprint\s+= \{2410\.09002\}/);
    await context.close();
  });
});
