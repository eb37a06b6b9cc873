import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { isAccessible, launch, phone, Server, type VisitOptions, visit as visitPlain, wide } from "./world";

let server: Server;
let browser: Browser;

const visit = (browser: Browser, url: string, options: VisitOptions = {}) =>
  visitPlain(browser, url, { developer: true, ...options });

beforeAll(async () => {
  server = await Server.start();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const trail = "409146138,-746188906";
const trailView = `#view=features&place=${trail}&map=9/40.9/-74.5`;
/** Where the map's centre is beside the card. */
const centre = { x: 384 + (wide.width - 384) / 2, y: wide.height / 2 };
const rows = (page: Page) => page.getByRole("option");

/** What the summary over the list says, once it does. */
function says(page: Page, text: string | RegExp): Promise<void> {
  return page.locator(".summary").filter({ hasText: text }).waitFor();
}

describe("the list", () => {
  test("streams what is in view, the nearest first, and says so at the foot of the map", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features&map=6/41/-75`);
    await says(page, "100 in view");
    await page.getByText("Filter 64 features").or(page.getByPlaceholder("Filter 64 features")).waitFor();
    await page.locator(".row-end").nth(8).waitFor();
    const metres = (await page.locator(".row-end").allTextContents()).map(Number.parseFloat);
    expect(metres).toEqual(metres.toSorted((a, b) => a - b));
    await page.locator(".status").filter({ hasText: "ListFeatures · gRPC-Web · 100 messages" }).waitFor();
  });

  test("keeps only the rows in sight in the document", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features&map=6/41/-75`);
    await says(page, "100 in view");
    await rows(page).and(page.locator('[aria-setsize="64"]')).first().waitFor();
    expect(await rows(page).count()).toBeLessThan(30);
    await page.getByRole("listbox").press("End");
    await page.locator('[aria-posinset="64"]').waitFor();
  });

  test("follows the map", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features&map=6/40.9/-74.6`);
    await says(page, "100 in view");
    await page.getByRole("button", { name: "Zoom in" }).click({ clickCount: 4 });
    await says(page, /^[1-5]?\d in view/);
  });

  test("shows unnamed features when asked to, and remembers that", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features&map=6/41/-75`);
    await says(page, "100 in view");
    await page.getByRole("checkbox", { name: "36 unnamed" }).check();
    await page.locator('[aria-setsize="100"]').first().waitFor();
    await page.reload();
    await page.locator('[aria-setsize="100"]').first().waitFor();
  });

  test("says what to do where there is nothing", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features&map=9/0/-30`);
    await page.getByRole("heading", { name: "No features here" }).waitFor();
    await page.getByRole("button", { name: "Show the world" }).click();
    await says(page, "100 in view");
  });

  test("crosses the antimeridian in two calls", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features&map=4/0/180`);
    await page.getByRole("heading", { name: "No features here" }).waitFor();
    await page.getByRole("button", { name: "live" }).click();
    await page.getByRole("dialog", { name: "Calls" }).getByRole("rowheader", { name: "ListFeatures" }).nth(1).waitFor();
  });
});

describe("the filter", () => {
  test("matches every word, and empties the list with a way back", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features&map=6/41/-75`);
    await says(page, "100 in view");
    await page.getByLabel("Filter features by name").click();
    await page.keyboard.type("ROAD monroe");
    await says(page, "1 match");
    await expect
      .poll(() => rows(page).allTextContents())
      .toEqual([expect.stringContaining("1270 Lakes RoadMonroe, NY 10950, USA")]);
    await page.keyboard.type("x");
    await page.getByRole("heading", { name: "No feature matches" }).waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await page.locator('[aria-setsize="64"]').first().waitFor();
  });

  test("is walked with the arrows and left with Enter", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features&map=6/41/-75`);
    await says(page, "100 in view");
    await page.getByLabel("Filter features by name").click();
    await page.keyboard.type("west milford");
    await page.locator('[aria-setsize="2"]').first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const active = page.locator(".row.active");
    await active.and(page.locator('[aria-posinset="2"]')).waitFor();
    const name = await active.locator(".row-text > span").textContent();
    await page.keyboard.press("Enter");
    await page
      .getByRole("region", { name: "Chosen place" })
      .getByRole("heading", { name: name ?? "none" })
      .waitFor();
  });
});

describe("a chosen feature", () => {
  test("is named from its address alone, and its coordinates are copied", async () => {
    const { page, context } = await visit(browser, `${server.url}/${trailView}`);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const place = page.getByRole("region", { name: "Chosen place" });
    await place.getByRole("heading", { name: "Berkshire Valley Management Area Trail" }).waitFor();
    await place.getByText("Jefferson, NJ, USA").waitFor();
    await place.getByRole("button", { name: "40.9146138, -74.6188906" }).click();
    await page.getByText("Coordinates copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("40.9146138, -74.6188906");
  });

  test("is found on the map under the pointer, and let go with Escape", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features&map=12/40.9146138/-74.6188906`);
    await says(page, /\d in view/);
    const active = page.locator(".maplibregl-canvas");
    await expect
      .poll(async () => {
        await page.mouse.move(centre.x + 30, centre.y + 30);
        await page.mouse.move(centre.x, centre.y);
        return active.evaluate((canvas) => canvas.style.cursor);
      })
      .toBe("pointer");
    await page.mouse.click(centre.x, centre.y);
    await page.getByRole("region", { name: "Chosen place" }).waitFor();
    await page.getByRole("option", { selected: true, name: /Berkshire Valley/ }).waitFor();
    await expect.poll(() => page.url()).toContain(`place=${trail}`);
    await page.keyboard.press("Escape");
    await page.getByRole("region", { name: "Chosen place" }).waitFor({ state: "detached" });
    await expect.poll(() => page.url()).not.toContain("place=");
  });

  test.each([
    { name: "wide", viewport: wide },
    { name: "phone", viewport: phone },
    { name: "narrow phone", viewport: { width: 320, height: 640 } },
  ])("has its whole card in its frame, however wide the font of the system is, $name", async ({ viewport }) => {
    const { page } = await visit(browser, `${server.url}/${trailView}`, { viewport, bypassCSP: true });
    const card = page.getByRole("region", { name: "Chosen place" });
    await card.getByText("Jefferson").waitFor();
    for (const letterSpacing of ["-0.05em", "0", "0.1em", "0.25em"]) {
      await page.addStyleTag({ content: `body { letter-spacing: ${letterSpacing} }` });
      const sticksOut = await card.evaluate((element) => {
        const frame = element.parentElement?.getBoundingClientRect();
        return [...element.querySelectorAll("*:not(.visually-hidden)")]
          .filter((part) => {
            const { left, right } = part.getBoundingClientRect();
            return !frame || left < frame.left || right > frame.right;
          })
          .map((part) => `${part.tagName} ${part.textContent}`);
      });
      expect(sticksOut).toEqual([]);
    }
  });

  test("leads to its chat and to a drive", async () => {
    const { page } = await visit(browser, `${server.url}/${trailView}`);
    await page.getByRole("button", { name: "Chat here" }).click();
    await page.getByRole("tab", { name: "Chat", selected: true }).waitFor();
    await expect.poll(() => page.url()).toContain(`view=chat&place=${trail}`);
    await page.goBack();
    await page.getByRole("button", { name: "Demo drive" }).click();
    await page.getByRole("tab", { name: "Record", selected: true }).waitFor();
  });
});

describe("the address", () => {
  test("opens view, place and map, and the back button undoes steps but not moves of the map", async () => {
    const { page } = await visit(browser, `${server.url}/#view=record&map=9/40.9/-74.5`);
    await page.getByRole("tab", { name: "Record", selected: true }).waitFor();
    await page.keyboard.press("3");
    await says(page, /\d in view/);
    await rows(page).first().click();
    await expect.poll(() => page.url()).toContain("place=");
    await page.getByRole("button", { name: "Zoom in" }).click();
    await expect.poll(() => page.url()).toContain("map=10/");
    await page.goBack();
    await expect.poll(() => page.url()).not.toContain("place=");
    await page.goBack();
    await page.getByRole("tab", { name: "Record", selected: true }).waitFor();
    await page.goForward();
    await page.getByRole("tab", { name: "Features", selected: true }).waitFor();
  });
});

/** A server of its own for the test, with so many features called Stone; `at` says where each is, in degrees. */
async function stones(count: number, at: (i: number) => [latitude: number, longitude: number]): Promise<Server> {
  const dir = await mkdtemp(join(tmpdir(), "routeguide-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const file = join(dir, "features.csv");
  const lines = Array.from({ length: count }, (_, i) => `Stone ${i},${at(i)}`);
  await writeFile(file, ["name,latitude,longitude", ...lines].join("\n"));
  const own = await Server.start("-features", file);
  onTestFinished(() => own.close());
  return own;
}

describe.each([150, 300, 3000])("%i features close to each other", (count) => {
  test("are one cluster from afar, and a click on it goes nearer", async () => {
    const side = Math.ceil(Math.sqrt(count));
    const { url } = await stones(count, (i) => [
      1.5 + ((i % side) / side - 0.5) / 10,
      1 + (Math.trunc(i / side) / side - 0.5) / 10,
    ]);
    const { page } = await visit(browser, `${url}/#view=features&map=5/1.5/1`);
    await says(page, `${count.toLocaleString("en")} in view`);
    // Without clusters the click would hit a feature, or nothing, and show that as the chosen place.
    await expect
      .poll(async () => {
        await page.keyboard.press("Escape");
        await page.mouse.click(centre.x, centre.y);
        return (await page.getByRole("region", { name: "Chosen place" }).count()) > 0 || /map=5\//.test(page.url());
      })
      .toBe(false);
  });
});

describe("a pan", () => {
  test("fetches what is new, once, and writes the address where it ends", async () => {
    const { url } = await stones(30_000, (i) => [39 + (4 * (i % 173)) / 173, -78 + (8 * Math.trunc(i / 173)) / 173]);
    const { page, context } = await visit(browser, "about:blank");
    await page.addInitScript(() => {
      const write = history.replaceState.bind(history);
      Object.assign(globalThis, { writes: 0 });
      history.replaceState = (...args) => {
        (globalThis as unknown as { writes: number }).writes++;
        write(...args);
      };
    });
    const writes = () => page.evaluate(() => (globalThis as unknown as { writes: number }).writes);
    const network = await context.newCDPSession(page);
    await network.send("Network.enable");
    const asked = new Set<string>();
    let bytes = 0;
    network.on("Network.requestWillBeSent", ({ requestId, request }) => {
      if (request.url.endsWith("/ListFeatures")) asked.add(requestId);
    });
    network.on("Network.dataReceived", ({ requestId, dataLength }) => {
      if (asked.has(requestId)) bytes += dataLength;
    });
    await page.goto(`${url}/#view=features&map=8.5/41/-74.5`);
    await says(page, /\d,\d{3} in view/);
    await page.locator(".maplibregl-ctrl-scale").waitFor();
    await expect.poll(() => page.locator(".progress.running").count()).toBe(0);
    expect(asked.size).toBe(1);
    const whole = bytes;
    const before = await writes();

    const drag = async (dx: number) => {
      const rests = page.url();
      await page.mouse.move(centre.x, centre.y);
      await page.mouse.down();
      for (let i = 1; i <= 12; i++) await page.mouse.move(centre.x + (dx * i) / 12, centre.y);
      await page.mouse.up();
      await expect.poll(() => page.url()).not.toBe(rests);
      await expect.poll(() => page.locator(".progress.running").count()).toBe(0);
    };
    await drag(-260);
    expect(asked.size).toBe(2);
    expect(bytes - whole).toBeGreaterThan(0);
    expect(bytes - whole).toBeLessThan(0.5 * whole);
    const after = bytes;
    await drag(250);
    await drag(-200);
    expect([asked.size, bytes]).toEqual([2, after]);
    expect((await writes()) - before).toBe(3);
  });
});

describe("sixty thousand features", () => {
  test("are listed and found under the pointer", async () => {
    // Stone 30150 is at 1.5, 1: where the map's centre is beside the card.
    const { url } = await stones(60_000, (i) => [(i % 300) / 100, Math.trunc(i / 300) / 100]);
    const { page } = await visit(browser, `${url}/#view=features&map=7/1.5/1`);
    await says(page, "60,000 in view");
    await page.locator('[aria-setsize="60000"]').first().waitFor();
    await expect
      .poll(async () => {
        await page.mouse.move(centre.x + 300, 20);
        await page.mouse.move(centre.x, centre.y);
        return page.locator(".maplibregl-canvas").evaluate((canvas) => canvas.style.cursor);
      })
      .toBe("pointer");
    await page.mouse.click(centre.x, centre.y);
    await page.getByRole("region", { name: "Chosen place" }).getByRole("heading", { name: "Stone 30150" }).waitFor();
    await page.getByLabel("Filter features by name").click();
    await page.keyboard.type("stone 5999");
    await says(page, "16 match");
  });
});

describe("the server", () => {
  test("may go away and come back: the page says so, and asks again", async () => {
    const own = await Server.start();
    try {
      const { page } = await visit(browser, `${own.url}/#view=features&map=6/41/-75`);
      await says(page, "100 in view");
      await own.stop();
      await page.getByRole("button", { name: "reconnecting…" }).waitFor();
      await page.getByRole("button", { name: "Zoom out" }).click();
      await page.getByRole("alert").filter({ hasText: "The server is not reached." }).waitFor();
      expect(await rows(page).count()).toBeGreaterThan(0);
      await own.restart();
      await page.getByRole("button", { name: "live" }).waitFor();
      await page.getByRole("alert").waitFor({ state: "detached" });
    } finally {
      await own.close();
    }
  });
});

describe("the keyboard", () => {
  test("reaches views, help, calls and themes", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features`);
    await says(page, /\d in view/);
    await page.keyboard.press("5");
    await page.getByRole("tab", { name: "Chat", selected: true }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor({ state: "hidden" });
    const dark = () => page.evaluate(() => document.documentElement.dataset.shade);
    await expect.poll(dark).toBe("light");
    await page.keyboard.press("t");
    await expect.poll(dark).toBe("dark");
    await page.reload();
    await page.getByRole("tab", { name: "Chat", selected: true }).waitFor();
    await expect.poll(dark).toBe("dark");
    await page.keyboard.press("t");
    await expect.poll(() => page.evaluate(() => localStorage.getItem("routeguide.theme"))).toBe("auto");
  });

  test("walks the tabs with the arrows", async () => {
    const { page } = await visit(browser, `${server.url}/#view=travelers`);
    await page.getByRole("tab", { name: "Travelers" }).focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("tab", { name: "Chat", selected: true }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Chat");
  });
});

describe("at the start", () => {
  test("the server is asked before anything of the map has come, and once", async () => {
    const { page, context } = await visit(browser, "about:blank");
    const order: string[] = [];
    let letGo: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const note = (what: string) => {
      order.push(what);
      if (order.includes("features") && order.includes("notes")) letGo();
    };
    // Fonts come only after both calls, or never: the map cannot be made without them.
    await context.route("**/*.woff2", async (route) => {
      await asked;
      note("font");
      await route.continue();
    });
    page.on("request", (request) => {
      if (request.url().endsWith("/ListFeatures")) note("features");
    });
    page.on("websocket", (socket) => {
      if (socket.url().endsWith("/WatchNotes")) note("notes");
    });
    await page.goto(`${server.url}/#view=features&map=7/41/-75`);
    await says(page, "100 in view");
    await page.locator(".maplibregl-ctrl-scale").waitFor();
    await asked;
    expect(order.slice(0, 2).toSorted()).toEqual(["features", "notes"]);
    expect(order.filter((what) => what !== "font")).toHaveLength(2);
  });
});

describe("plain words", () => {
  test("are all that one sees, until one is a developer", async () => {
    const { page } = await visitPlain(browser, `${server.url}/#view=features&map=6/41/-75`);
    await says(page, "64 in view");
    const technical = /unnamed|gRPC|WebSocket|ListFeatures|hit exactly|\d ms/i;
    for (const view of ["Features", "Record", "Chat"]) {
      await page.getByRole("tab", { name: view }).click();
      // biome-ignore lint/performance/useDomNodeTextContent: what is hidden does not count
      expect(await page.locator("body").innerText()).not.toMatch(technical);
    }
    await page.getByRole("tab", { name: "Features" }).click();
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("checkbox", { name: "Developer" }).check();
    await page.keyboard.press("Escape");
    await says(page, "100 in view");
    await page.locator(".status").filter({ hasText: "ListFeatures" }).waitFor();
    await page.reload();
    await page.locator(".status").filter({ hasText: "ListFeatures" }).waitFor();
  });
});

describe("in forced colours", () => {
  test("one sees which tab is chosen", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features`, { forcedColors: "active" });
    const background = (selected: boolean) =>
      page
        .getByRole("tab", { selected })
        .first()
        .evaluate((tab) => getComputedStyle(tab).backgroundColor);
    await expect.poll(async () => (await background(true)) !== (await background(false))).toBe(true);
  });
});

describe("the sheet on a phone", () => {
  test("has no place's card over it in Record", async () => {
    const { page } = await visit(browser, `${server.url}/${trailView}`, { viewport: phone, hasTouch: true });
    const card = page.getByRole("region", { name: "Chosen place" });
    await card.getByText("Jefferson").waitFor();
    await page.getByRole("tab", { name: "Record" }).click();
    await page.locator(".record").waitFor();
    expect(await card.count()).toBe(0);
    await page.getByRole("tab", { name: "Features" }).click();
    await card.waitFor();
  });

  test("is dragged and tapped between peek, half and full", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features`, { viewport: phone, hasTouch: true });
    await says(page, /\d in view/);
    const sheet = page.locator(".panel");
    const stands = (stop: string) => sheet.and(page.locator(`[data-sheet="${stop}"]`)).waitFor();
    await stands("half");
    const handle = await page.locator(".handle").boundingBox();
    if (!handle) throw new Error("there is no handle");
    const x = handle.x + handle.width / 2;
    await page.mouse.move(x, handle.y + 10);
    await page.mouse.down();
    await page.mouse.move(x, phone.height - 20, { steps: 8 });
    await page.mouse.up();
    await stands("peek");
    await page.getByRole("tab", { name: "Features" }).click();
    await stands("half");
    await page.getByRole("button", { name: "Make the sheet larger" }).click();
    await stands("full");
    await expect.poll(async () => (await sheet.boundingBox())?.y).toBeLessThan(40);
  });
});

describe.each([
  { name: "wide", viewport: wide },
  { name: "phone", viewport: phone },
])("axe-core finds nothing to complain about, $name", ({ viewport }) => {
  test.each(["light", "dark"] as const)("%s", async (colorScheme) => {
    const { page } = await visit(browser, `${server.url}/${trailView}`, { viewport, colorScheme, bypassCSP: true });
    await page.getByRole("region", { name: "Chosen place" }).getByText("Jefferson").waitFor();
    await page.locator(".maplibregl-ctrl-attrib").waitFor();
    await isAccessible(page);
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("dialog", { name: "Menu" }).waitFor();
    await isAccessible(page);
    await page.getByRole("button", { name: "About" }).click();
    await page.getByRole("dialog", { name: "About RouteGuide" }).waitFor();
    await isAccessible(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await isAccessible(page);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "live" }).click();
    await page.getByRole("dialog", { name: "Calls" }).waitFor();
    await isAccessible(page);
    await page.keyboard.press("Escape");
    await page.getByLabel("Filter features by name").click();
    await page.keyboard.type("nothing has this name");
    await page.getByRole("heading", { name: "No feature matches" }).waitFor();
    await isAccessible(page);
  });
});
