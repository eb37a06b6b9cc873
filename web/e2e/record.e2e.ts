import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  isAccessible,
  launch,
  phone,
  Server,
  suggestDrive,
  type VisitOptions,
  visit as visitPlain,
  wide,
} from "./world";

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

const trail = "Berkshire Valley Management Area Trail";
const atTrail = "#view=record&map=12/40.9146138/-74.6188906";
const overview = "#view=record&map=8/40.75/-74.5";
/** Where the map's centre is beside the card. */
const centre = { x: 384 + (wide.width - 384) / 2, y: wide.height / 2 };

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });
const says = (page: Page, text: string | RegExp) => page.locator(".record").getByText(text).first().waitFor();

/** A number of those that are shown while recording. */
async function stat(page: Page, what: RegExp): Promise<number> {
  const text = await page.locator(".stat").filter({ hasText: what }).locator("b").textContent();
  return Number(text?.replaceAll(",", ""));
}
const points = (page: Page) => stat(page, /points/);

/** The server's and the page's number of a finished route. */
async function compared(page: Page, what: string): Promise<[server: string | null, here: string | null]> {
  const cells = page.getByRole("row", { name: new RegExp(`^${what}`) }).getByRole("cell");
  await cells.first().waitFor();
  return [await cells.nth(0).textContent(), await cells.nth(1).textContent()];
}

async function startDrawing(page: Page): Promise<void> {
  await page.locator(".status").filter({ hasText: "ListFeatures" }).waitFor();
  await button(page, "Draw").click();
  await button(page, "Start recording").click();
  await says(page, "Recording");
}

/** Clicks on the map, and returns when the page has the point. */
async function drawPoint(page: Page, x: number, y: number): Promise<void> {
  const before = await points(page);
  await page.mouse.click(x, y);
  await expect.poll(() => points(page)).toBe(before + 1);
}

/** Clicks on the map until the page has so many points. */
async function draw(page: Page, count: number): Promise<void> {
  for (let n = await points(page); n < count; n++)
    await drawPoint(page, centre.x + 40 + 12 * n, centre.y + (n % 2 === 0 ? 60 : 90));
}

async function startDrive(page: Page, times: string): Promise<void> {
  await suggestDrive(page, times);
  await button(page, "Start recording").click();
}

describe("a drawn route", () => {
  test("goes through the clicks, hits features exactly, and ends with the server's summary", async () => {
    const { page } = await visit(browser, `${server.url}/${atTrail}`);
    await startDrawing(page);
    await expect
      .poll(async () => {
        // Before the features are drawn there is any point under the pointer.
        await drawPoint(page, centre.x, centre.y);
        return stat(page, /feature/);
      })
      .toBe(1);
    const made = (await points(page)) + 4;
    await draw(page, made);
    await says(page, "points, all sent");
    await button(page, "Finish").click();
    await says(page, "Route stored");
    expect(await compared(page, "Points")).toEqual([`${made}`, `${made}`]);
    expect(await compared(page, "Features passed")).toEqual(["1", "1"]);
    const [metres, here] = await compared(page, "Distance");
    expect(metres).toBe(here);
    await page
      .locator(".status")
      .filter({ hasText: /RecordTrack · WebSocket/ })
      .waitFor();
  });

  test("takes no points while it is paused", async () => {
    const { page } = await visit(browser, `${server.url}/${atTrail}`);
    await startDrawing(page);
    await draw(page, 2);
    await button(page, "Pause").click();
    await says(page, "Paused");
    await page.mouse.click(centre.x + 200, centre.y + 200);
    await button(page, "Resume").click();
    await says(page, "Recording");
    await draw(page, 3);
    await button(page, "Finish").click();
    expect(await compared(page, "Points")).toEqual(["3", "3"]);
  });

  test("is driven by the keyboard alone", async () => {
    const { page } = await visit(browser, `${server.url}/${atTrail}`);
    await startDrawing(page);
    await draw(page, 1);
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await button(page, "Pause").focus();
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("Resume");
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("Pause");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await says(page, "Route stored");
    await expect.poll(focused).toBe("Record another");
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("Start recording");
  });

  test("is drawn by the keyboard alone", async () => {
    const { page } = await visit(browser, `${server.url}/${atTrail}`);
    await startDrawing(page);
    await button(page, "Draw with the keyboard").focus();
    await page.keyboard.press("Enter");
    await page.locator(".crosshair").waitFor({ state: "visible" });
    const cross = await page.locator(".crosshair").boundingBox();
    expect(cross && cross.x + cross.width / 2).toBeCloseTo(centre.x, -1);
    await expect
      .poll(async () => {
        // Before the features are drawn there is any point under the cross.
        await page.keyboard.press("Enter");
        return stat(page, /feature/);
      })
      .toBe(1);
    const made = await points(page);
    for (const n of [1, 2]) {
      const before = page.url();
      await page.keyboard.press("ArrowRight");
      await expect.poll(() => page.url()).not.toBe(before);
      await page.keyboard.press("Enter");
      await expect.poll(() => points(page)).toBe(made + n);
    }
    await page.keyboard.press("Backspace");
    await expect.poll(() => points(page)).toBe(made + 1);
    await page.keyboard.press("Escape");
    await page.locator(".crosshair").waitFor({ state: "hidden" });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await says(page, "Route stored");
    expect(await compared(page, "Points")).toEqual([`${made + 1}`, `${made + 1}`]);
  });

  test("is found among everybody's routes afterwards", async () => {
    const { page } = await visit(browser, `${server.url}/${atTrail}`);
    await startDrawing(page);
    await draw(page, 3);
    await button(page, "Finish").click();
    await says(page, "Route stored");
    await button(page, "See what it came to").click();
    await page.getByRole("tab", { name: "Routes", selected: true }).waitFor();
    await page.getByRole("definition").filter({ hasText: /^3$/ }).waitFor();
  });
});

describe("a drive", () => {
  test("passes each of its stops exactly and finishes when it arrives", async () => {
    const { page } = await visit(browser, `${server.url}/${overview}`);
    await startDrive(page, "3600");
    await says(page, "Route stored");
    const [server_, here] = await compared(page, "Points");
    expect(server_).toBe(here);
    expect(Number(here)).toBeGreaterThan(6);
    expect(await compared(page, "Features passed")).toEqual(["6", "6"]);
  });

  test("goes where one clicks, clusters apart", async () => {
    const { page } = await visit(browser, `${server.url}/${atTrail}`);
    await page.locator(".status").filter({ hasText: "ListFeatures" }).waitFor();
    await button(page, "Demo drive").click();
    expect(await button(page, "Start recording").isDisabled()).toBe(true);
    await expect
      .poll(async () => {
        // Before the features are drawn there is any point under the pointer.
        if (await button(page, "Clear").isVisible()) await button(page, "Clear").click();
        await page.mouse.click(centre.x, centre.y);
        await page.locator(".stop").first().waitFor({ timeout: 5_000 });
        return page.locator(".stop").allTextContents();
      })
      .toEqual([expect.stringContaining(trail)]);
    await says(page, "One more stop makes a drive.");
    await page.mouse.click(centre.x + 150, centre.y + 20);
    await page.locator(".stop").nth(1).waitFor();
    await page.getByLabel("Time goes").selectOption("1");
    await button(page, "Start recording").click();
    await says(page, /Next: /);
    await button(page, "Pause").click();
    await button(page, "Discard the route").click();
    await button(page, "Forget it").click();
    await button(page, "Remove stop 2").click();
    await page.locator(".stop").nth(1).waitFor({ state: "detached" });
  });
});

describe("this device", () => {
  test("is what records at first, where the browser tells its position; drawing is where it does not", async () => {
    const { page } = await visit(browser, `${server.url}/${atTrail}`);
    await page.getByRole("button", { name: "This device", pressed: true }).waitFor();
    await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "geolocation"));
    await page.reload();
    await page.getByRole("button", { name: "Draw", pressed: true }).waitFor();
  });

  test("is followed", async () => {
    const position = (n: number) => ({ latitude: 40.9 + n / 1000, longitude: -74.6, accuracy: 12 });
    const { page, context } = await visit(browser, `${server.url}/${atTrail}`, {
      permissions: ["geolocation"],
      geolocation: position(0),
    });
    await button(page, "This device").click();
    await button(page, "Start recording").click();
    for (let n = 1; n <= 5; n++) {
      await expect.poll(() => points(page)).toBe(n);
      if (n < 5) await context.setGeolocation(position(n));
    }
    await says(page, "this device, ±12 m");
    await button(page, "Finish").click();
    expect(await compared(page, "Points")).toEqual(["5", "5"]);
    expect(await compared(page, "Distance")).toEqual(["445 m", "445 m"]);
  });

  test("may refuse, and the page says what to do", async () => {
    const { page } = await visit(browser, `${server.url}/${atTrail}`);
    await button(page, "This device").click();
    await button(page, "Start recording").click();
    await page.getByRole("alert").filter({ hasText: "may not know your position" }).waitFor();
  });
});

describe("while the server is away", () => {
  let server: Server;

  beforeEach(async () => {
    server = await Server.start();
  });

  afterEach(() => server.close());

  test("recording goes on, and nothing is lost or counted twice", async () => {
    const { page } = await visit(browser, `${server.url}/${overview}`);
    await startDrive(page, "10"); // it takes longer than a test may
    await expect.poll(() => points(page)).toBeGreaterThan(8);
    await server.stop("SIGKILL");
    await says(page, "No connection. Recording goes on; the points are sent when it is back.");
    const before = await points(page);
    await expect.poll(() => points(page)).toBeGreaterThan(before + 8);
    await says(page, /points, \d+ to send/);
    await server.restart();
    await says(page, "points, all sent");
    await server.stop("SIGKILL");
    await says(page, "No connection.");
    await server.restart();
    // The page rounds metres, the server cuts them.
    await page.locator(".stat").filter({ hasText: "km" }).waitFor();
    await says(page, "points, all sent");
    const made = await points(page);
    await button(page, "Finish").click();
    await says(page, "Route stored");
    for (const what of ["Points", "Features passed", "Distance"]) {
      const [there, here] = await compared(page, what);
      expect(there).toBe(here);
      if (what === "Points") expect(Number(here)).toBeGreaterThanOrEqual(made);
    }
  });

  test("a route can be finished; it is when the server is back", async () => {
    const { page } = await visit(browser, `${server.url}/${atTrail}`);
    await startDrawing(page);
    await draw(page, 3);
    await server.stop("SIGKILL");
    await says(page, "No connection.");
    await draw(page, 5);
    await button(page, "Finish").click();
    await says(page, "The route is finished as soon as it is back");
    await isAccessible(page);
    await server.restart();
    await says(page, "Route stored");
    expect(await compared(page, "Points")).toEqual(["5", "5"]);
  });
});

describe("after a reload", () => {
  test("an unfinished route is offered, goes on, and holds every point", async () => {
    const { page } = await visit(browser, `${server.url}/${atTrail}`);
    await startDrawing(page);
    await draw(page, 4);
    await page.reload();
    await says(page, /is not finished: 4 points/);
    await isAccessible(page);
    await button(page, "Take it up").click();
    await says(page, "Paused");
    await button(page, "Resume").click();
    await says(page, "Recording");
    await draw(page, 6);
    await button(page, "Finish").click();
    await says(page, "Route stored");
    expect(await compared(page, "Points")).toEqual(["6", "6"]);
    await page.reload();
    await button(page, "Start recording").waitFor();
    expect(await page.getByText("is not finished").count()).toBe(0);
  });
});

describe("what a page kept when routes had no tokens", () => {
  test("is offered, and stored whole", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features`);
    const draft = { id: "0123456789abcdef", source: "draw", began: Date.now(), finishing: false, passed: 0 };
    await page.evaluate(
      ([name, text]) => {
        localStorage.setItem(name, text);
        localStorage.setItem(`${name}.0`, "409146138,-746188906 409156138,-746188906 409166138,-746188906");
      },
      [`routeguide.draft.${draft.id}`, JSON.stringify({ ...draft, first: "", last: "" })] as const,
    );
    await page.goto(`${server.url}/${atTrail}`);
    await page.reload();
    await says(page, /is not finished: 3 points/);
    await button(page, "Take it up").click();
    await button(page, "Finish").click();
    await says(page, "Route stored");
    expect(await compared(page, "Points")).toEqual(["3", "3"]);
  });
});

describe("another page of the same browser", () => {
  test("is offered a route when the page that records it is gone, not before", async () => {
    const { page, context } = await visit(browser, `${server.url}/${atTrail}`);
    await startDrawing(page);
    await draw(page, 3);
    const other = await context.newPage();
    await other.goto(`${server.url}/${atTrail}`);
    await button(other, "Start recording").waitFor();
    expect(await other.getByText("is not finished").count()).toBe(0);
    await page.close();
    await says(other, /is not finished: 3 points/);
    await button(other, "Take it up").click();
    await button(other, "Finish").click();
    expect(await compared(other, "Points")).toEqual(["3", "3"]);
  });
});

describe.each([
  ["wide, light", { viewport: wide }],
  ["wide, dark", { viewport: wide, colorScheme: "dark" }],
  ["on a phone", { viewport: phone, hasTouch: true, isMobile: true }],
] as const)("%s", (_, options) => {
  test("nothing stands in anybody's way", async () => {
    const { page } = await visit(browser, `${server.url}/${overview}`, options);
    await page.locator(".record").waitFor();
    await isAccessible(page);
    await suggestDrive(page, "1"); // so that it does not arrive
    await isAccessible(page);
    await button(page, "Start recording").click();
    await says(page, "points, all sent");
    await isAccessible(page);
    await button(page, "Pause").click();
    await button(page, "Discard the route").click();
    await isAccessible(page);
    await button(page, "Keep it").click();
    await button(page, "Finish").click();
    await says(page, "Route stored");
    await isAccessible(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });
});
