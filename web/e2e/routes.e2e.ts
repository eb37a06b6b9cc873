import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Walker, walk } from "./tracks";
import { isAccessible, launch, phone, Server, visit } from "./world";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

// The routes of one journey are not in the list of the next.
beforeEach(async () => {
  const own = await Server.start();
  server = own;
  return () => own.close();
});

afterAll(() => browser?.close());

const HOUR = 3_600_000;
const here = { latitude: 40.9, longitude: -74.6 };
const view = "#view=routes&map=9/40.9/-74.5";
const row = (page: Page, name: string | RegExp) => page.locator(".route-row").filter({ hasText: name });
const look = (page: Page, name: string | RegExp) => row(page, name).getByRole("button").click();
const back = (page: Page) => page.getByRole("button", { name: "All routes" }).click();

describe("a route", () => {
  test("is listed for everybody by day and traveler, and shown with what it came to", async () => {
    await walk(server.url, "Ada", { ...here, time: Date.now() - 2 * HOUR });
    const { page } = await visit(browser, `${server.url}/${view}`);
    await row(page, "Ada").waitFor();
    await page.getByRole("heading", { name: /^(Today|Yesterday) · 1 route · 1\d\.\d km$/ }).waitFor();
    await isAccessible(page);
    await look(page, "Ada");
    await page.getByRole("definition").filter({ hasText: "121" }).waitFor();
    await page.locator(".plot canvas").waitFor();
    await isAccessible(page);
    const file = page.waitForEvent("download");
    await page.getByRole("link", { name: "GPX" }).click();
    expect((await file).suggestedFilename()).toMatch(/\.gpx$/);
    await back(page);
    await expect.poll(() => row(page, "Ada").getByRole("checkbox").isChecked()).toBe(true);
  });

  test("is renamed and coloured in place, which another visitor sees", async () => {
    await walk(server.url, "Ada", { ...here, time: Date.now() - 2 * HOUR });
    const { page } = await visit(browser, `${server.url}/${view}`);
    await look(page, "Ada");
    await page.getByLabel("Name", { exact: true }).fill("To the lake");
    await page.keyboard.press("Enter");
    await page.getByRole("radio", { name: "Colour 3" }).focus();
    await page.keyboard.press("Space");
    await expect.poll(() => page.getByRole("radio", { name: "Colour 3" }).isChecked()).toBe(true);
    const { page: other } = await visit(browser, `${server.url}/${view}`);
    await row(other, "To the lake").waitFor();
    const stroke = () => row(other, "To the lake").locator("path").getAttribute("stroke");
    const swatch = await page
      .getByRole("radio", { name: "Colour 3" })
      .evaluate((radio) => (radio.nextElementSibling as HTMLElement).style.getPropertyValue("--swatch"));
    expect(await stroke()).toBe(swatch);
  });

  test("that is deleted comes back when it is undone, and is gone when the page is left", async () => {
    await walk(server.url, "Ada", { ...here, time: Date.now() - 2 * HOUR });
    await walk(server.url, "Lin", { ...here, time: Date.now() - 4 * HOUR });
    const { page } = await visit(browser, `${server.url}/${view}`);
    await look(page, "Ada");
    await page.getByRole("button", { name: "Delete" }).click();
    await row(page, "Lin").waitFor();
    expect(await row(page, "Ada").count()).toBe(0);
    await page.getByRole("button", { name: "Undo" }).click();
    await look(page, "Ada");
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Undo" }).waitFor();
    await page.goto("about:blank");
    const left = async () => (await (await fetch(`${server.url}/v1/routes`)).json()).routes.length;
    await expect.poll(left).toBe(1);
  });

  test("that is hidden is left out until hidden ones are asked for", async () => {
    await walk(server.url, "Ada", { ...here, time: Date.now() - 2 * HOUR });
    const { page } = await visit(browser, `${server.url}/${view}`);
    await look(page, "Ada");
    await page.getByRole("button", { name: "Hide" }).click();
    await page.getByRole("button", { name: "Show in lists" }).waitFor();
    await back(page);
    await page.getByRole("heading", { name: "No routes yet" }).waitFor();
    await page.getByLabel("Hidden too").check();
    await row(page, "Ada").waitFor();
  });

  test("that is being recorded grows while it is looked at", async () => {
    const walker = new Walker(server.url, "Ada");
    const start = Date.now() - HOUR;
    const step = (n: number) => walker.move({ ...here, longitude: here.longitude + n / 1000, time: start + n * 1000 });
    for (let n = 0; n < 3; n++) step(n);
    const { page } = await visit(browser, `${server.url}/${view}`);
    await look(page, /being recorded/);
    const end = () => page.getByRole("slider", { name: "Time" }).getAttribute("max").then(Number);
    await expect.poll(end).toBe(start + 2000);
    step(60);
    await expect.poll(end).toBe(start + 60_000);
    await walker.finish();
    await expect.poll(() => page.locator(".route-detail header p").textContent()).not.toMatch(/being recorded/);
  });
});

describe("replay", () => {
  test("plays by true time, and is moved by the keyboard", async () => {
    const time = Date.now() - 2 * HOUR;
    await walk(server.url, "Ada", { ...here, time });
    const { page } = await visit(browser, `${server.url}/${view}`);
    await look(page, "Ada");
    const bar = page.getByRole("region", { name: /^Replay/ });
    const slider = bar.getByLabel("Time");
    const at = async () => Number(await slider.inputValue()) - time;
    await bar.getByLabel("Pace").selectOption("600");
    await bar.getByRole("button", { name: "Play", exact: true }).click();
    await expect.poll(at).toBeGreaterThan(60_000);
    await bar.getByRole("button", { name: "Pause" }).click();
    await slider.focus();
    await page.keyboard.press("Home");
    await expect.poll(at).toBe(0);
    await page.keyboard.press("ArrowRight");
    await expect.poll(at).toBe(1000);
    await page.keyboard.press("End");
    await expect.poll(at).toBe(HOUR);
    await bar.getByRole("button", { name: "Close the route" }).click();
    await row(page, "Ada").waitFor();
  });

  test("follows the pointer on the plot", async () => {
    const time = Date.now() - 2 * HOUR;
    await walk(server.url, "Ada", { ...here, time });
    const { page } = await visit(browser, `${server.url}/${view}`);
    await look(page, "Ada");
    const over = page.locator(".plot .u-over");
    const at = async () => {
      await over.hover({ position: { x: 100, y: 20 } });
      await over.hover();
      return Number(await page.getByRole("slider", { name: "Time" }).inputValue()) - time;
    };
    await expect.poll(at).toBeGreaterThan(0.4 * HOUR);
    expect(await at()).toBeLessThan(0.6 * HOUR);
  });
});

describe("the list", () => {
  test("finds by name and traveler, shows several at once, and reads on as it is scrolled", async () => {
    // The newest first: Walker 59 is last.
    for (let i = 0; i < 60; i++) {
      const walker = new Walker(server.url, `Walker ${i}`);
      const time = Date.now() - (i + 1) * 24 * HOUR;
      walker.move({ ...here, time });
      walker.move({ ...here, latitude: here.latitude + 0.01, time: time + 60_000 });
      await walker.finish();
    }
    const { page } = await visit(browser, `${server.url}/${view}`);
    await page.getByLabel("Find by name or traveler").fill("walker 58");
    await row(page, "Walker 58").waitFor();
    await page.reload();
    await row(page, "Walker 0").waitFor();
    await expect
      .poll(async () => {
        await page.locator(".rows-box").evaluate((box) => box.scrollTo(0, box.scrollHeight));
        return row(page, "Walker 59").count();
      })
      .toBe(1);
    await page.getByLabel("Find by name or traveler").fill("walker 5");
    // Fifteen walkers have a 5, each on a day of its own.
    await page.locator('.rows-box [aria-setsize="30"]').first().waitFor();
    await page.getByRole("checkbox", { name: /^Show Walker 5,/ }).check();
    await row(page, "Walker 15")
      .getByRole("button")
      .click({ modifiers: ["Shift"] });
    await expect.poll(() => page.locator(".route-row :checked").count()).toBe(2);
    await page.getByLabel("Find by name or traveler").fill("nobody");
    await page.getByRole("heading", { name: "No route matches" }).waitFor();
  });

  test.each(["light", "dark"] as const)("and a route are clean on a phone, %s", async (colorScheme) => {
    await walk(server.url, "Ada", { ...here, time: Date.now() - 2 * HOUR });
    const { page } = await visit(browser, `${server.url}/${view}`, { viewport: phone, hasTouch: true, colorScheme });
    await row(page, "Ada").waitFor();
    await isAccessible(page);
    await look(page, "Ada");
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    await isAccessible(page);
  });
});
