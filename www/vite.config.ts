import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

const engine = fileURLToPath(new URL("../pkg", import.meta.url));
const module = `${engine}/wavediffusion_bg.wasm`;

/** What the built page may load and run: its own files, WebAssembly, pictures that it draws itself. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
].join("; ");

/** Writes the policy into the page; the development server needs more than it allows. */
const securityPolicy: Plugin = {
  name: "security-policy",
  apply: "build",
  transformIndexHtml: () => [
    { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend" },
  ],
};

export default defineConfig({
  // Relative addresses: the built folder works at any sub-path of any host.
  base: "./",
  resolve: { alias: { "@engine": engine } },
  // The size of the engine, for the progress bar: servers that compress do not tell.
  define: { __ENGINE_BYTES__: existsSync(module) ? statSync(module).size : 0 },
  worker: { format: "es" },
  plugins: [
    securityPolicy,
    VitePWA({
      registerType: "autoUpdate",
      // `offline.ts` does, once the engine has what it needs.
      injectRegister: false,
      manifest: false,
      workbox: {
        // The weights are not here: the page keeps them itself, by their checksum (see `engine/download.ts`).
        globPatterns: ["**/*.{html,js,css,wasm}", "weights/{manifest.json,example.bin}", "prepared/*.npy"],
        maximumFileSizeToCacheInBytes: 64e6,
        // The query holds settings, which one page reads.
        ignoreURLParametersMatching: [/./],
        cleanupOutdatedCaches: true,
        skipWaiting: true,
        clientsClaim: true,
      },
    }),
  ],
  build: { target: "es2022", modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1024 },
  server: { fs: { allow: [".", engine] } },
  test: { include: ["src/**/*.test.ts"] },
});
