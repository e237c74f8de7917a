// axe-core on the page that is open.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(new URL("../../www/package.json", import.meta.url)).resolve("axe-core"), "utf8");

/** What is serious or worse, with the first element that has it. */
export async function seriousFindings(page) {
  // Through the debugger: the page's own policy lets no script in.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}
