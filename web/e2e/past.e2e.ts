import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { walk } from "./tracks";
import { isAccessible, launch, phone, Server, visit, wide } from "./world";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

beforeEach(async () => {
  const own = await Server.start();
  server = own;
  return () => own.close();
});

afterAll(() => browser?.close());

const here = "#view=travelers&map=11/40.9/-74.6";
const bar = (page: Page) => page.getByRole("region", { name: "The past" });
const bubble = (page: Page, text: string) => page.locator(".map-note").filter({ hasText: text });
const shot = async (page: Page, name: string) => {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
};

async function leave(traveler: string, message: string): Promise<void> {
  const answer = await fetch(`${server.url}/v1/notes:chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Grpc-Metadata-Traveler": traveler },
    body: JSON.stringify({ location: { latitude: 409_100_000, longitude: -746_000_000 }, message }),
  });
  await answer.text();
  expect(answer.ok).toBe(true);
}

/** Ada and Lin walked in the last hour and a half; then a note was left. */
async function anHour(): Promise<void> {
  const now = Date.now();
  await walk(server.url, "Ada", { latitude: 40.9, longitude: -74.65, time: now - 5_400_000 });
  await walk(server.url, "Lin", { latitude: 40.88, longitude: -74.62, time: now - 4_800_000 });
  await leave("Kim", "Where is everybody?");
}

/** Moves the slider, from 0 to 1. */
async function seek(page: Page, part: number): Promise<void> {
  const slider = bar(page).getByRole("slider", { name: "Time" });
  await slider.evaluate((input: HTMLInputElement, to) => {
    input.value = String(Number(input.min) + to * (Number(input.max) - Number(input.min)));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, part);
}

test.each([
  ["wide, light", wide, "light"],
  ["wide, dark", wide, "dark"],
  ["phone, light", phone, "light"],
  ["phone, dark", phone, "dark"],
] as const)(
  "the view is played as it was, and nobody takes it for the present: %s",
  async (name, viewport, colorScheme) => {
    await anHour();
    const { page } = await visit(browser, `${server.url}/${here}`, { viewport, colorScheme });
    await bubble(page, "Where is everybody?").waitFor();
    await page.getByRole("button", { name: "Replay this view" }).click();
    await bar(page).getByText("You are looking at the past").waitFor();
    await bar(page).getByRole("button", { name: "Pause" }).waitFor();
    // Nobody had written yet.
    await expect.poll(() => bubble(page, "Where").count()).toBe(0);
    await expect.poll(() => page.getByRole("tab").first().isVisible()).toBe(false);
    const time = () => bar(page).locator(".replay-time").textContent();
    const before = await time();
    await expect.poll(time).not.toBe(before);
    await seek(page, 0.45);
    await bar(page).getByRole("button", { name: "Play" }).waitFor();
    await bar(page).getByLabel("Follow").selectOption("Ada");
    await expect
      .poll(() => bar(page).getByLabel("Follow").locator("option").allTextContents())
      .toEqual(["Nobody", "Ada", "Lin"]);
    await shot(page, `past-${name.replace(", ", "-")}`);
    await isAccessible(page);
    // A note that comes now is not of that time.
    await leave("Kim", "Now");
    // The last seconds are played: the note pops up, and is told.
    await bar(page).getByLabel("Pace").selectOption("60");
    await seek(page, 0.98);
    await bar(page).getByRole("button", { name: "Play" }).click();
    await bar(page).locator(".past-news").getByText("Kim: Where is everybody?").waitFor();
    await bubble(page, "Where is everybody?").waitFor();
    expect(await bubble(page, "Now").count()).toBe(0);
    await bar(page).getByRole("button", { name: "Back to live" }).click();
    await bubble(page, "Now").waitFor();
    await page.getByRole("tab", { name: "Travelers" }).waitFor();
    expect(await bar(page).count()).toBe(0);
  },
);

test("a day with nothing in it says so; another day is chosen, and the map moved, without going back", async () => {
  await anHour();
  const { page } = await visit(browser, `${server.url}/#view=travelers&map=11/20/20`);
  await page.getByRole("button", { name: "Replay this view" }).click();
  await bar(page).getByText("Nothing happened here in this time.").waitFor();
  await bar(page).getByLabel("Which time").selectOption("One day");
  await bar(page).getByLabel("Day", { exact: true }).fill("2020-02-29");
  await bar(page).getByText("Nothing happened here in this time.").waitFor();
  await bar(page).getByLabel("Which time").selectOption("The last 24 hours");
  // Over to where something did.
  await page.getByRole("combobox", { name: /Search/ }).fill("40.9, -74.6");
  await page.getByRole("combobox", { name: /Search/ }).press("Enter");
  await bar(page).getByLabel("Follow").waitFor();
  await page.locator(".maplibregl-canvas").focus();
  await page.keyboard.press("Escape");
  await expect.poll(() => bar(page).count()).toBe(0);
});
