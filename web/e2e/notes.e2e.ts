import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isAccessible, launch, phone, Server, visit, wide } from "./world";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

// What one journey left is in sight of no other.
beforeEach(async () => {
  const own = await Server.start();
  server = own;
  return () => own.close();
});

afterAll(() => browser?.close());

/** Where the map's centre is beside the card. */
const centre = { x: 384 + (wide.width - 384) / 2, y: wide.height / 2 };
const looking = (view: string) => `${server.url}/#view=${view}&map=12/10/10`;
const bubble = (page: Page, text: string) => page.locator(".map-note").filter({ hasText: text });
const row = (page: Page, text: string) => page.locator(".nearby .row").filter({ hasText: text });
const card = (page: Page) => page.getByRole("region", { name: "Chosen place" });
const badge = (page: Page) => page.getByRole("tab", { name: /Chat/ }).locator(".unread span").first();
const shot = async (page: Page, name: string) => {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
};

/** Somebody leaves a note through the REST door. */
async function leave(traveler: string, message: string, latitude: number, longitude: number): Promise<void> {
  const location = { latitude: Math.round(latitude * 1e7), longitude: Math.round(longitude * 1e7) };
  const answer = await fetch(`${server.url}/v1/notes:chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Grpc-Metadata-Traveler": encodeURIComponent(traveler) },
    body: JSON.stringify({ location, message }),
  });
  await answer.text();
  expect(answer.ok).toBe(true);
}

async function write(page: Page, text: string, name?: string): Promise<void> {
  await page.getByRole("textbox", { name: "Your note" }).fill(text);
  await page.getByRole("textbox", { name: "Your note" }).press("Enter");
  if (!name) return;
  await page.getByLabel("What should the others call you?").fill(name);
  await page.getByRole("button", { name: "Send with this name" }).click();
}

describe("notes on the map", () => {
  test.each([
    ["wide, light", wide, "light"],
    ["wide, dark", wide, "dark"],
    ["phone, light", phone, "light"],
    ["phone, dark", phone, "dark"],
  ] as const)(
    "are bubbles with author and first words; places close together are one: %s",
    async (name, viewport, colorScheme) => {
      await leave("Ada Lovelace", "The lot is full, go on to the second one behind the mill", 10.03, 9.98);
      await leave("林", "水很冷 🥶", 9.995, 9.99);
      for (let i = 0; i < 12; i++) await leave("Kim", `Stone ${i}`, 10.012 + i / 1e4, 10.02);
      await leave("", "somebody was here", 10.02, 10.0);
      const { page } = await visit(browser, looking("travelers"), { viewport, colorScheme });
      await bubble(page, "The lot is full").waitFor();
      await bubble(page, "somebody was here").getByText("someone").waitFor();
      await expect.poll(() => bubble(page, "Stone").count()).toBe(1);
      await page.locator("#map[data-mode]").waitFor();
      await shot(page, `notes-${name.replace(", ", "-")}`);
      await isAccessible(page);
      await bubble(page, "水很冷").locator("p").click();
      await page.getByRole("log", { name: "Notes" }).getByText("水很冷 🥶").waitFor();
      await expect.poll(() => page.url()).toContain("view=chat");
    },
  );

  test("a group parts where it is clicked", async () => {
    for (let i = 0; i < 12; i++) await leave("Kim", `Stone ${i}`, 10 + i / 250, 10);
    const { page } = await visit(browser, `${server.url}/#view=travelers&map=9/10.044/10`);
    await expect.poll(() => page.locator(".map-note.many").count()).toBe(1);
    const zoom = () => Number(/map=([\d.]+)/.exec(page.url())?.[1]);
    await expect
      .poll(async () => {
        if (zoom() < 10) await page.mouse.click(centre.x, centre.y);
        return zoom();
      })
      .toBeGreaterThan(10.9);
    await expect.poll(() => page.locator(".map-note").count()).toBeGreaterThan(1);
  });
});

describe("the empty map", () => {
  test("opens a place where it is clicked, and leaves it with the next click", async () => {
    const { page } = await visit(browser, looking("travelers"));
    await page.locator("#map[data-mode]").waitFor();
    await page.mouse.click(centre.x + 100, centre.y);
    await card(page).waitFor();
    await shot(page, "place-wide");
    await page.mouse.click(centre.x - 200, centre.y + 100);
    await card(page).waitFor({ state: "detached" });
    await page.mouse.click(centre.x + 100, centre.y);
    await card(page).getByRole("button", { name: "Chat here" }).click();
    await write(page, "Nobody ever was here", "Ada");
    await bubble(page, "Nobody ever was here").getByText("Ada").waitFor();
  });

  test("opens a place where a finger rests on it, on a phone", async () => {
    const { page, context } = await visit(browser, looking("travelers"), {
      viewport: phone,
      hasTouch: true,
      isMobile: true,
    });
    await page.locator("#map[data-mode]").waitFor();
    const finger = await context.newCDPSession(page);
    const touch = (type: "touchStart" | "touchEnd", touchPoints: { x: number; y: number }[]) =>
      finger.send("Input.dispatchTouchEvent", { type, touchPoints });
    await touch("touchStart", [{ x: 195, y: 200 }]);
    await card(page).waitFor();
    await touch("touchEnd", []);
    await card(page).waitFor();
    await shot(page, "place-phone");
    await isAccessible(page);
    await page.touchscreen.tap(100, 150);
    await card(page).waitFor({ state: "detached" });
  });
});

describe("a note of somebody else", () => {
  test("knocks, pulses, and is told at the tab and at its row until one has looked", async () => {
    await leave("Kim", "old news", 10, 10);
    const { page } = await visit(browser, looking("travelers"));
    await page.evaluate(() => {
      const start = OscillatorNode.prototype.start;
      Object.assign(globalThis, { sounds: 0 });
      OscillatorNode.prototype.start = function (...when) {
        (globalThis as unknown as { sounds: number }).sounds++;
        start.apply(this, when);
      };
    });
    const sounds = () => page.evaluate(() => (globalThis as unknown as { sounds: number }).sounds);
    await bubble(page, "old news").waitFor();
    expect(await badge(page).count()).toBe(0);
    // Before anybody has touched the page it is silent.
    await leave("Kim", "first", 10, 10);
    await expect.poll(() => badge(page).textContent()).toBe("1");
    await page.locator(".pulse").first().waitFor({ state: "attached" });
    expect(await sounds()).toBe(0);
    await page.getByRole("tab", { name: "Routes" }).click();
    await leave("Lin", "second", 10.03, 10.03);
    await expect.poll(sounds).toBe(2);
    await expect.poll(() => badge(page).textContent()).toBe("2");
    await page.getByRole("tab", { name: /Chat/ }).click();
    await row(page, "second").getByText("1 new note").waitFor({ state: "attached" });
    await shot(page, "unread");
    await isAccessible(page);
    await row(page, "second").click();
    await expect.poll(() => badge(page).textContent()).toBe("1");
    await page.getByRole("button", { name: "Back to the recent notes" }).click();
    await row(page, "first").click();
    await badge(page).waitFor({ state: "detached" });
    // It is remembered, and what comes while one looks is seen.
    await leave("Kim", "third", 10, 10);
    await page.getByRole("log", { name: "Notes" }).getByText("third").waitFor();
    await page.reload();
    await bubble(page, "third").waitFor();
    expect(await badge(page).count()).toBe(0);
  });

  test("does not knock where that is switched off", async () => {
    const { page } = await visit(browser, looking("chat"));
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("checkbox", { name: "Knock when a note arrives" }).uncheck();
    await shot(page, "menu");
    await page.keyboard.press("Escape");
    await page.evaluate(() => {
      OscillatorNode.prototype.start = () => {
        throw new Error("it knocks");
      };
    });
    await leave("Kim", "quiet", 10, 10);
    await row(page, "quiet").waitFor();
    expect(await page.evaluate(() => localStorage.getItem("routeguide.knock"))).toBe("false");
  });
});

describe("one's own note", () => {
  test("is deleted for everybody, unless one thinks again", async () => {
    const { page: ada } = await visit(browser, `${looking("chat")}&place=100000000,100000000`);
    const { page: lin } = await visit(browser, `${looking("chat")}&place=100000000,100000000`);
    const thread = (page: Page) => page.locator(".thread .bubble:not(.pending) p").allTextContents();
    await write(ada, "right", "Ada");
    await write(ada, "wrong");
    await expect.poll(() => thread(lin)).toEqual(["right", "wrong"]);
    expect(await lin.getByRole("button", { name: "Delete this note" }).count()).toBe(0);
    const remove = ada.getByRole("button", { name: "Delete this note" });
    await remove.nth(1).click();
    await expect.poll(() => thread(ada)).toEqual(["right"]);
    await expect.poll(() => bubble(ada, "right").count()).toBe(1);
    await shot(ada, "note-deleted");
    await isAccessible(ada);
    await ada.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => thread(ada)).toEqual(["right", "wrong"]);
    await remove.nth(1).click();
    // The next deletion makes this one final; so does leaving the page.
    await remove.nth(0).click();
    await expect.poll(() => thread(lin)).toEqual(["right"]);
    await ada.goto("about:blank");
    await expect.poll(() => thread(lin)).toEqual([]);
  });
});
