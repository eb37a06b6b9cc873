import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DARK, LIGHT } from "@protomaps/basemaps";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { middle, tinyArchive } from "./archive";
import { isAccessible, launch, phone, Server, visit, wide } from "./world";

let browser: Browser;
let dir: string;

beforeAll(async () => {
  browser = await launch();
  dir = await mkdtemp(join(tmpdir(), "routeguide-basemap-"));
  await writeFile(join(dir, "island.pmtiles"), tinyArchive());
  const { latitude, longitude } = middle;
  await writeFile(
    join(dir, "features.csv"),
    `name,latitude,longitude\nLighthouse,${latitude + 0.04},${longitude + 0.06}\n`,
  );
});

afterAll(async () => {
  await browser?.close();
  await rm(dir, { recursive: true, force: true });
});

async function serve(...flags: string[]): Promise<Server> {
  const server = await Server.start("-features", join(dir, "features.csv"), ...flags);
  onTestFinished(() => server.close());
  return server;
}

const island = () => ["-basemap", join(dir, "island.pmtiles")];
const at = `#map=11/${middle.latitude}/${middle.longitude}`;

/** The tile is 1,024 pixels wide, with its middle in that of what the card leaves. */
const centre = { x: 384 + (wide.width - 384) / 2, y: wide.height / 2 };
const spots = {
  route: { x: centre.x - 100, y: centre.y + 200 },
  water: { x: centre.x - 80, y: centre.y + 120 },
  land: { x: centre.x + 60, y: centre.y - 60 },
  road: { x: centre.x - 200, y: centre.y - 256 },
  feature: { x: centre.x + (0.06 / 360) * 1048576, y: centre.y - (0.04 / 360) * 1048576 },
};

/** The colour of the map in a spot, as #rrggbb. */
async function colour(page: Page, spot: keyof typeof spots): Promise<string> {
  const picture = (await page.screenshot()).toString("base64");
  return page.evaluate(
    async ([data, x, y]) => {
      const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      canvas?.drawImage(bitmap, 0, 0);
      const [r = 0, g = 0, b = 0] = canvas?.getImageData(x, y, 1, 1).data ?? [];
      return `#${[r, g, b].map((n) => n.toString(16).padStart(2, "0")).join("")}`;
    },
    [picture, Math.round(spots[spot].x), Math.round(spots[spot].y)] as const,
  );
}

const shows = (page: Page, spot: keyof typeof spots, hex: string) =>
  expect.poll(() => colour(page, spot), { timeout: 60_000 }).toBe(hex.toLowerCase());

const builtInSea = { light: "#c3dcea", dark: "#0d1721" };
const ourFeature = { light: "#e8590c", dark: "#ff7b33" };

async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Choose the map" }).click();
  await page.getByRole("radio", { name }).check();
  await page.keyboard.press("Escape");
}

/** A route through the water of the tile, while it is recorded. */
async function drawRoute(page: Page): Promise<void> {
  await page.getByRole("tab", { name: "Record" }).click();
  await page.getByRole("button", { name: "Draw", exact: true }).click();
  await page.getByRole("button", { name: "Start recording" }).click();
  await page.locator("[data-mode=draw]").waitFor();
  for (const x of [-40, 40]) await page.mouse.click(spots.route.x + x, spots.route.y);
}

describe("a PMTiles file", () => {
  test("is drawn with water and roads, whose names need no server, and with who made it", async () => {
    const server = await serve(...island());
    const elsewhere: string[] = [];
    const { page } = await visit(browser, "about:blank");
    page.on("request", (request) => {
      if (!request.url().startsWith(server.url)) elsewhere.push(request.url());
    });
    await page.goto(`${server.url}/${at}`);
    await shows(page, "water", LIGHT.water);
    await shows(page, "land", LIGHT.earth);
    await expect.poll(() => colour(page, "road")).not.toBe(LIGHT.earth);
    await shows(page, "feature", ourFeature.light);
    await page.getByText("© The Mapmakers").waitFor();
    expect(elsewhere.filter((url) => !url.startsWith("blob:"))).toEqual([]);
    await isAccessible(page);
    await page.screenshot({ path: "test-results/basemap-light.png" });
  });

  test("gives way to the built-in map and comes back, light and dark, under what is ours", async () => {
    const server = await serve(...island());
    const { page } = await visit(browser, `${server.url}/${at}`);
    await shows(page, "water", LIGHT.water);
    await drawRoute(page);
    await expect.poll(() => colour(page, "route")).not.toBe(LIGHT.water);
    await choose(page, "Built-in");
    await shows(page, "water", builtInSea.light);
    await shows(page, "feature", ourFeature.light);
    expect(await colour(page, "route")).not.toBe(builtInSea.light);
    await page.getByText("GeoNames").waitFor();
    expect(await page.getByText("© The Mapmakers").isVisible()).toBe(false);

    await page.keyboard.press("t");
    await shows(page, "water", builtInSea.dark);
    expect(await colour(page, "route")).not.toBe(builtInSea.dark);
    await page.reload();
    await shows(page, "water", builtInSea.dark);
    await choose(page, "island");
    await shows(page, "water", DARK.water);
    await expect.poll(() => colour(page, "road")).not.toBe(DARK.earth);
    await shows(page, "feature", ourFeature.dark);
    await isAccessible(page);
    await page.screenshot({ path: "test-results/basemap-dark.png" });
    await page.keyboard.press("t");
    await shows(page, "water", LIGHT.water);
    await shows(page, "feature", ourFeature.light);
  });

  test("costs nothing where the built-in map is chosen", async () => {
    const server = await serve(...island());
    const { page } = await visit(browser, `${server.url}/${at}`);
    await shows(page, "water", LIGHT.water);
    await choose(page, "Built-in");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.reload();
    await shows(page, "water", builtInSea.light);
    expect(asked.filter((url) => /archive|pmtiles/.test(url))).toEqual([]);
    expect(asked.filter((url) => url.endsWith("/basemap/land.json"))).toHaveLength(1);
  });

  test("that cannot be read gives way to the built-in map, and the page says so", async () => {
    const server = await serve(...island());
    const { page } = await visit(browser, "about:blank");
    await page.route("**/*.pmtiles", (route) => route.fulfill({ status: 404 }));
    await page.goto(`${server.url}/${at}`);
    await page.getByText("The map island cannot be loaded.").waitFor();
    await shows(page, "water", builtInSea.light);
  });

  test("is chosen on a phone", async () => {
    const server = await serve(...island());
    const { page } = await visit(browser, `${server.url}/${at}`, {
      viewport: phone,
      hasTouch: true,
      colorScheme: "dark",
    });
    await page.getByRole("button", { name: "Choose the map" }).tap();
    await page.getByRole("radio", { name: "island" }).waitFor();
    await isAccessible(page);
    await page.screenshot({ path: "test-results/basemap-phone.png" });
  });
});

/** A picture of one pixel, #204060. */
const pixel = Buffer.from("47494638396101000100800000204060000000" + "2c00000000010001000002024401003b", "hex");

describe("maps of other servers", () => {
  let others: HttpServer;
  let origin: string;
  const asked: string[] = [];

  beforeAll(async () => {
    others = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.setHeader("Access-Control-Allow-Origin", "*");
      if (request.url === "/style.json") {
        response.end(
          JSON.stringify({
            version: 8,
            glyphs: `${origin}/glyphs/{fontstack}/{range}.pbf`,
            sources: {
              features: {
                type: "geojson",
                data: { type: "Point", coordinates: [middle.longitude, middle.latitude] },
                attribution: "© The Stylists",
              },
            },
            layers: [
              { id: "notes", type: "background", paint: { "background-color": "#aa3377" } },
              { id: "feature", type: "circle", source: "features", paint: { "circle-color": "#33aa77" } },
            ],
          }),
        );
      } else if (request.url?.endsWith(".png")) {
        response.setHeader("Content-Type", "image/gif").end(pixel);
      } else response.writeHead(404).end();
    }).listen(0, "127.0.0.1");
    await once(others, "listening");
    origin = `http://127.0.0.1:${(others.address() as AddressInfo).port}`;
  });

  afterAll(() => others?.close());

  test("are drawn: a style, whatever its layers are called, and tiles", async () => {
    const server = await serve("-basemap", `Style=${origin}/style.json,Tiles=${origin}/{z}/{x}/{y}.png#© The Painters`);
    const { page } = await visit(browser, `${server.url}/${at}`);
    await shows(page, "water", "#aa3377");
    await shows(page, "feature", ourFeature.light);
    await page.getByText("© The Stylists").waitFor();
    expect(asked.filter((url) => url.includes("Map%20"))).toEqual([]);
    await choose(page, "Tiles");
    await shows(page, "water", "#204060");
    await shows(page, "feature", ourFeature.light);
    await page.getByText("© The Painters").waitFor();
    await choose(page, "Built-in");
    await shows(page, "water", builtInSea.light);
  });
});

describe("the built-in map alone", () => {
  test("says how to add another where it has nothing more to show", async () => {
    const server = await serve();
    const { page } = await visit(browser, `${server.url}/${at}`);
    const add = page.getByRole("button", { name: "Add a basemap" });
    await shows(page, "water", builtInSea.light);
    expect(await add.count()).toBe(0);
    expect(await page.getByRole("button", { name: "Choose the map" }).count()).toBe(0);
    await page.getByRole("button", { name: "Zoom in" }).click();
    await add.click();
    await page.getByText("pmtiles extract").waitFor();
    await isAccessible(page);
    await page.screenshot({ path: "test-results/basemap-add.png" });
  });
});
