// The same clients on a page of another origin.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, Server } from "../e2e/world";
import { type Call, calls } from "./calls";
import type { BrowserClient } from "./page";

const pages = createServer();
let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const script = await bundle();
  pages.on("request", (request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>');
  });
  await once(pages.listen(0, "127.0.0.1"), "listening");
  const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  server = await Server.start("-allow-origin", origin);
  browser = await launch();
  page = await browser.newPage();
  await page.goto(origin);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  pages.close();
});

/** page.ts and what it imports, as one classic script. */
async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL("page.ts", import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: "warn",
    build: { write: false, lib: { entry, formats: ["iife"], name: "page" } },
  });
  const chunks = [built].flat().flatMap((one) => ("output" in one ? one.output : []));
  return chunks.map((chunk) => ("code" in chunk ? chunk.code : "")).join("");
}

const all = Object.keys(calls) as Call[];
// A browser sends streams over HTTP/2 with TLS alone.
const overHttp: Call[] = ["GetFeature", "ListFeatures", "WatchNotes", "refused"];

describe.each<[BrowserClient, Call[]]>([
  ["improbable, fetch", overHttp],
  ["improbable, XMLHttpRequest", overHttp],
  ["improbable, WebSocket", all],
  ["connect, fetch", overHttp],
  ["Google, text", overHttp],
  ["Google, binary", ["GetFeature", "refused"]], // streams are in its text form only
  ["nice, fetch", overHttp],
  ["nice, WebSocket", all],
])("%s", (client, known) => {
  test.each(known)("two hundred times %s", async (call) => {
    const outcomes = await page.evaluate(([url, client, call]) => interop(url, client, call, 200), [
      server.url,
      client,
      call,
    ] as const);
    expect(outcomes).toEqual({ good: 200 });
  });
});
