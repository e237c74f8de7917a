// How long a visitor of the page waits, in headless Chromium with an empty cache: node benches/web/page.mjs [--repeat N]

import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { launch } from "../../tests/e2e/browser.mjs";
import { serve } from "../../tests/e2e/server.mjs";
import { median } from "./median.mjs";

const { values: options } = parseArgs({ options: { repeat: { type: "string", default: "7" } } });
const repeat = Number(options.repeat);

/** As Lighthouse counts it: what a task of the UI thread takes beyond this blocks. */
const LONG_TASK = 50;

const VISITORS = [
  ["desktop", { width: 1440, height: 900 }],
  ["phone", { width: 390, height: 844 }],
];

/** Collects in the page what its performance observers see. */
function observe() {
  window.seen = { tasks: [], shifts: [] };
  const watch = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch("longtask", ({ duration }) => window.seen.tasks.push(duration));
  watch("layout-shift", ({ value, hadRecentInput }) => hadRecentInput || window.seen.shifts.push(value));
}

async function visit(browser, address, viewport) {
  const context = await browser.newContext({ viewport });
  try {
    const page = await context.newPage();
    await page.addInitScript(observe);
    const start = performance.now();
    await page.goto(address, { waitUntil: "commit" });
    await page.locator("[data-testid=deviation][data-value]").waitFor();
    const content = performance.now() - start;
    await page.locator("[data-testid=status][data-state=ready]").waitFor({ timeout: 120_000 });
    const ready = performance.now() - start;
    const [paint, { tasks, shifts }] = await page.evaluate(() => [
      performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
      window.seen,
    ]);
    return {
      "first paint, ms": paint,
      "example on screen, ms": content,
      "engine ready, ms": ready,
      "longest task of the UI thread, ms": Math.max(0, ...tasks),
      "blocking time, ms": tasks.reduce((sum, task) => sum + Math.max(0, task - LONG_TASK), 0),
      "layout shift": shifts.reduce((sum, shift) => sum + shift, 0),
    };
  } finally {
    await context.close();
  }
}

const server = await serve(fileURLToPath(new URL("../../www/dist/", import.meta.url)));
const browser = await launch({ gpu: false });
try {
  console.log(`${cpus()[0].model}, medians of ${repeat} visits with an empty cache, files from this machine\n`);
  console.log("| visitor | figure | median | most |\n|---|---|---|---|");
  for (const [name, viewport] of VISITORS) {
    const visits = [];
    for (let i = 0; i < repeat; i++) visits.push(await visit(browser, server.address, viewport));
    for (const figure of Object.keys(visits[0])) {
      const values = visits.map((seen) => seen[figure]);
      const digits = figure === "layout shift" ? 3 : 0;
      const cells = [name, figure, median(values).toFixed(digits), Math.max(...values).toFixed(digits)];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
} finally {
  await browser.close();
  await server.close();
}
