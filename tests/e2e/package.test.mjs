// The package that `cargo xtask pack` makes, installed from its tarball into a page of somebody else's.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, withPage } from "./browser.mjs";
import { serve } from "./server.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const expected = JSON.parse(readFileSync(new URL("expected/flex.json", import.meta.url), "utf8"));

describe("the package", () => {
  let folder;
  let server;
  let browser;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "wavediffusion-"));
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
    const tarball = readdirSync(join(root, "pkg")).find((name) => name.endsWith(".tgz"));
    assert.ok(tarball, "there is no package in pkg/: `cargo xtask pack` makes it");
    const install = ["install", "--offline", "--no-audit", "--no-fund", "--silent", join(root, "pkg", tarball)];
    execFileSync("npm", install, { cwd: folder, stdio: "inherit" });
    server = await serve(join(folder, "node_modules/wavediffusion"));
    browser = await launch({ gpu: false });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("its example generates and checks a pair", { timeout: 240_000 }, () =>
    withPage(browser, {}, async (page) => {
      await page.goto(`${server.address}example/`);
      const verdict = page.locator("#verdict");
      await verdict.filter({ hasText: /deviation|error/i }).waitFor({ timeout: 200_000 });
      const found = Number((await verdict.innerText()).match(/^deviation ([\d.]+) on flex$/)?.[1]);
      assert.ok(Math.abs(found - expected.deviation) <= 0.02 * expected.deviation, await verdict.innerText());
    }));

  test("its types are complete: a strict program compiles against them", () => {
    writeFileSync(
      join(folder, "program.ts"),
      `import init, { Engine, probe, type GenerateRequest, type Pair, type Probe } from "wavediffusion";
       const request: GenerateRequest = { seed: 1, steps: 2, guidance: 1, path: false };
       export async function pair(manifest: string, weights: Uint8Array): Promise<Pair> {
         await init();
         const found: Probe = await probe();
         const engine = await Engine.load(manifest, weights, found.webgpu ? "webgpu" : "flex");
         const [cell]: number[] = Array.from((await engine.wavefield(new Float32Array(), 0, 1)).values);
         return engine.generate(request, (event) => { if (event.kind === "step") console.log(event.deviation ?? cell); });
       }`,
    );
    const tsc = join(root, "www/node_modules/.bin/tsc");
    const flags = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom,esnext.disposable"];
    execFileSync(tsc, [...flags, "program.ts"], { cwd: folder, stdio: "inherit" });
  });

  test("what it exports is documented", () => {
    const types = readFileSync(join(folder, "node_modules/wavediffusion/wavediffusion.d.ts"), "utf8");
    const bare = [...types.matchAll(/^([^\n]*)\n(export (?:class|interface|type|function) \w+)/gm)]
      .filter(([, before, what]) => !before.trim().endsWith("*/") && !/Init|SyncInit/.test(what))
      .map(([, , what]) => what);
    assert.deepEqual(bare, []);
  });
});
