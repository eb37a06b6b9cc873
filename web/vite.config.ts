import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
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
    rolldownOptions: { input: { page: "index.html", openapi: "openapi/index.html" } },
  },
  plugins: [offline(), compressed()],
  worker: { format: "es" },
  server: { proxy: Object.fromEntries(served.map((path) => [path, { target: server, ws: true }])) },
  test: { include: ["src/**/*.test.{ts,tsx}"], testTimeout: 60_000 }, // a machine may be slow
});

/** The page opens without the server, from what the browser has kept, and can be installed. */
function offline() {
  return VitePWA({
    registerType: "autoUpdate",
    // A script of its own: the page's policy allows none inside the document.
    injectRegister: "script-defer",
    manifestFilename: "manifest.json",
    manifest: {
      name: "RouteGuide",
      short_name: "RouteGuide",
      description: "A live map of features, routes and notes.",
      start_url: "/",
      display: "standalone",
      theme_color: "#4263eb",
      background_color: "#e9eef2",
      icons: [
        { src: "/icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" },
        { src: "/icon-maskable.svg", sizes: "any", type: "image/svg+xml", purpose: "maskable" },
      ],
    },
    workbox: {
      globPatterns: ["index.html", "*.{svg,js}", "assets/*", "basemap/*"],
      globIgnores: ["**/*.{br,gz}", "assets/openapi-*"],
      maximumFileSizeToCacheInBytes: 8_000_000,
      // The document itself is the server's newest, which also says what the page may load; without the server, the kept one.
      directoryIndex: null,
      navigateFallback: null,
      runtimeCaching: [
        {
          urlPattern: ({ request, url }) => request.mode === "navigate" && url.pathname === "/",
          handler: "NetworkFirst",
          options: { cacheName: "page", networkTimeoutSeconds: 5, precacheFallback: { fallbackURL: "/index.html" } },
        },
      ],
    },
  });
}

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
