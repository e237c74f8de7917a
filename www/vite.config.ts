import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const engine = fileURLToPath(new URL("../pkg", import.meta.url));
const module = `${engine}/wavediffusion_bg.wasm`;

export default defineConfig({
  // Relative addresses: the built folder works at any sub-path of any host.
  base: "./",
  resolve: { alias: { "@engine": engine } },
  // The size of the engine, for the progress bar: servers that compress do not tell.
  define: { __ENGINE_BYTES__: existsSync(module) ? statSync(module).size : 0 },
  worker: { format: "es" },
  build: { target: "es2022", modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1024 },
  server: { fs: { allow: [".", engine] } },
  test: { include: ["src/**/*.test.ts"] },
});
