// Real Chromium, driven through playwright-core, which belongs to the page's packages.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../www/package.json", import.meta.url))("playwright-core");

const QUIET = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Flags that give headless Chromium a WebGPU adapter in software. */
const SOFTWARE_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/** Starts Chromium, with a WebGPU adapter or without. */
export function launch({ gpu }) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...QUIET, ...(gpu ? SOFTWARE_GPU : ["--disable-gpu"])],
  });
}

/**
 * Opens a page with an empty cache, runs `body` and fails on everything that the page or its worker logs as an error,
 * except what `expected` matches.
 */
export async function withPage(browser, { width = 1280, height = 900, expected = null, serviceWorkers = "block" }, body) {
  const context = await browser.newContext({ viewport: { width, height }, serviceWorkers });
  const errors = [];
  const record = (text) => {
    if (!expected?.test(text)) errors.push(text);
  };
  context.on("console", (message) => {
    if (message.type() === "error") record(`console: ${message.text()} ${message.location().url}`);
  });
  context.on("weberror", (error) => record(`page: ${error.error()}`));
  try {
    await body(await context.newPage());
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}
