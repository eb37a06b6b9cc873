import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const server = process.env.ROUTEGUIDE_URL ?? "http://127.0.0.1:8080";
// The first are calls: /SERVICE/METHOD.
const served = [
  "^/[A-Za-z][\\w.]*/\\w+$",
  "/v1/",
  "/openapi/openapi.json",
  "/openapi/swagger.json",
  "/healthz",
  "/readyz",
  "/basemap.json",
  "^/basemap/\\d+\\.pmtiles$",
];

export default defineConfig({
  build: {
    outDir: "../static/dist",
    emptyOutDir: true,
    target: ["chrome123", "firefox128", "safari17.5"],
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { input: ["index.html", "openapi/index.html"] },
  },
  plugins: [compressed()],
  worker: { format: "es" },
  server: { proxy: Object.fromEntries(served.map((path) => [path, { target: server, ws: true }])) },
  test: { include: ["src/**/*.test.{ts,tsx}"], testTimeout: 60_000 }, // a machine may be slow
});

/** Puts NAME.br and NAME.gz beside each text file that is worth it: the server hands those out as they are. */
function compressed(): Plugin {
  let dir = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) {
      dir = join(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|css|json|html|svg)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const plain = readFileSync(path);
        const packed = gzipSync(plain, { level: 9 });
        if (plain.length <= 1024 || packed.length >= 0.9 * plain.length) continue;
        writeFileSync(`${path}.gz`, packed);
        writeFileSync(`${path}.br`, brotliCompressSync(plain));
      }
    },
  };
}
