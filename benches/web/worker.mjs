// A worker in headless Chromium.

import { fileURLToPath } from "node:url";

import { launch } from "../../tests/e2e/browser.mjs";
import { serve } from "../../tests/e2e/server.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a worker of a folder's page on a job, in a browser of its own; resolves to what it answers. */
export async function inBrowser(folder, worker, job) {
  const server = await serve(ROOT);
  const browser = await launch({ gpu: job.backend === "webgpu" });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.address}${folder}index.html`);
    return await page.evaluate(
      ([worker, job]) =>
        new Promise((resolve, reject) => {
          const running = new Worker(worker, { type: "module" });
          running.onmessage = ({ data }) => resolve(data);
          running.onerror = ({ message }) => reject(new Error(message));
          running.postMessage(job);
        }),
      [worker, job],
    );
  } finally {
    await browser.close();
    await server.close();
  }
}
