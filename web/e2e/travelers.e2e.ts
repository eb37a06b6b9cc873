import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Walker } from "./tracks";
import { isAccessible, launch, phone, Server, visit, wide } from "./world";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

// Nobody of one journey is on the way in the next.
beforeEach(async () => {
  const own = await Server.start();
  server = own;
  return () => own.close();
});

afterAll(() => browser?.close());

const here = "#view=travelers&map=11/40.9/-74.6";
const person = (page: Page, name: string | RegExp) => page.locator(".person").filter({ hasText: name });

/** Ada, who goes eastward, a step each time. */
function ada(): { step: () => void; walker: Walker } {
  const walker = new Walker(server.url, "Ada Lovelace");
  let n = 0;
  const step = () => {
    const time = Date.now() - 60_000 + n * 5000;
    walker.move({ latitude: 40.9, longitude: -74.62 + 0.004 * n++, time, speed: 14.4, battery: 77, elevation: 310 });
  };
  step();
  return { walker, step };
}

describe("somebody who records", () => {
  test("is seen by another visitor to move, and to leave", async () => {
    const { page: kim } = await visit(browser, `${server.url}/#view=record&map=11/40.9/-74.6`);
    await kim.evaluate(() => localStorage.setItem("routeguide.traveler", "Kim"));
    await kim.reload();
    const { page } = await visit(browser, `${server.url}/${here}`);
    await page.getByText("Nobody is on the way here").waitFor();
    await kim.getByRole("button", { name: "Draw", exact: true }).click();
    await kim.getByRole("button", { name: "Start recording" }).click();
    await kim.locator(".record").getByText("Recording").first().waitFor();
    // Before the map is drawn a click makes no point.
    await expect
      .poll(async () => {
        await kim.mouse.click(700, 400);
        return person(page, "Kim").count();
      })
      .toBe(1);
    const away = () => person(page, "Kim").locator(".row-end b").textContent();
    const before = await away();
    await kim.mouse.click(1100, 700);
    await expect.poll(away).not.toBe(before);
    await kim.getByRole("button", { name: "Finish" }).click();
    await page.getByText("Nobody is on the way here").waitFor();
  });

  test("is told about in words, and is drawn on the map where a click finds them", async () => {
    ada();
    const { page } = await visit(browser, `${server.url}/#view=chat&map=12/40.9/-74.62`);
    const middle = { x: 384 + (wide.width - 384) / 2, y: wide.height / 2 };
    await page.keyboard.press("3");
    await expect
      .poll(async () => {
        await page.mouse.click(middle.x, middle.y);
        return page.getByRole("tab", { name: "Travelers", selected: true }).count();
      })
      .toBe(1);
    await person(page, /52 km\/h/).waitFor();
    await person(page, /battery 77 %/).waitFor();
    await person(page, /310 m up/).waitFor();
  });

  test("is followed until the map is dragged", async () => {
    const { walker, step } = ada();
    const { page } = await visit(browser, `${server.url}/${here}`);
    const follow = page.getByRole("button", { name: "Follow Ada Lovelace" });
    await follow.click();
    await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("true");
    await expect.poll(() => page.url()).toMatch(/-74\.62/);
    const map = () => page.url().split("map=")[1];
    const rests = map();
    for (let i = 0; i < 40; i++) step();
    await expect.poll(map).not.toBe(rests);
    await page.mouse.move(900, 300);
    await page.mouse.down();
    for (let i = 1; i <= 10; i++) await page.mouse.move(900 - 10 * i, 300);
    await page.mouse.up();
    await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("false");
    await follow.click();
    await walker.finish();
    await page.getByText("Ada Lovelace is no longer on the way.").waitFor();
  });

  test("elsewhere is offered where nobody is", async () => {
    ada();
    const { page } = await visit(browser, `${server.url}/#view=travelers&map=9/0/-30`);
    await page.getByText("One is on the way elsewhere.").waitFor();
    await page.getByRole("button", { name: "Show them" }).click();
    await person(page, "Ada Lovelace").waitFor();
  });

  test("is seen again after the server was away", async () => {
    ada();
    const { page } = await visit(browser, `${server.url}/${here}`, { developer: true });
    await person(page, "Ada Lovelace").waitFor();
    await server.stop();
    await page.getByRole("button", { name: "reconnecting…" }).waitFor();
    await server.restart();
    const { walker, step } = ada();
    step();
    await page.getByRole("button", { name: "live" }).waitFor();
    await person(page, "Ada Lovelace").first().waitFor();
    await walker.finish();
  });
});

describe("the list", () => {
  test("is walked by keyboard, and reads well", async () => {
    ada();
    new Walker(server.url, "Lin").move({ latitude: 40.91, longitude: -74.6, time: Date.now() });
    new Walker(server.url, "").move({ latitude: 40.88, longitude: -74.6, time: Date.now() });
    const { page } = await visit(browser, `${server.url}/${here}`);
    await person(page, "Somebody").waitFor();
    await person(page, "Lin").waitFor();
    await person(page, "Ada Lovelace").focus();
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await page.keyboard.press("ArrowDown");
    await expect.poll(focused).toMatch(/Lin/);
    await page.keyboard.press("ArrowDown");
    await expect.poll(focused).toMatch(/Somebody/);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toMatch(/40\.88/);
    await isAccessible(page);
  });

  test.each(["light", "dark"] as const)("says on a phone what to do when nobody is there, %s", async (colorScheme) => {
    const { page } = await visit(browser, `${server.url}/${here}`, { viewport: phone, hasTouch: true, colorScheme });
    await page.getByRole("heading", { name: "Nobody is on the way here" }).waitFor();
    await isAccessible(page);
    await page.getByRole("button", { name: "Add a phone" }).click();
    await page.getByRole("dialog", { name: "Add a phone" }).waitFor();
  });
});
