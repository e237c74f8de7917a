// The native program, as `cargo xtask test` has built it; `WAVEDIFFUSION` names another.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = process.env.WAVEDIFFUSION ?? fileURLToPath(new URL("../../target/release/wavediffusion", import.meta.url));

/** The .npy file of the gathers, (N, 5, 1000, 70), of the velocity maps in a .npy file. */
export function simulate(velocity) {
  const folder = mkdtempSync(join(tmpdir(), "wavediffusion-"));
  try {
    const gathers = join(folder, "gathers.npy");
    execFileSync(PROGRAM, ["simulate", "--velocity", velocity, "--out", gathers], { stdio: ["ignore", "ignore", "pipe"] });
    return readFileSync(gathers);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
