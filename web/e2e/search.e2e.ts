import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAccessible, launch, phone, Server, visit } from "./world";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await Server.start();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const box = (page: Page) => page.getByRole("combobox", { name: "Search", exact: true });
const results = (page: Page) => page.getByRole("listbox", { name: "What was found" }).getByRole("option");
const card = (page: Page) => page.getByRole("region", { name: "Chosen place" });

test("a key opens the search, arrows and Enter choose a place", async () => {
  const { page } = await visit(browser, `${server.url}/#map=8/40.75/-74.5`);
  await page.keyboard.press("/");
  await page.keyboard.type("west milf");
  await results(page).nth(2).waitFor();
  await page.keyboard.press("ArrowDown");
  const second = results(page).nth(1);
  expect(await second.getAttribute("aria-selected")).toBe("true");
  expect(await box(page).getAttribute("aria-activedescendant")).toBe(await second.getAttribute("id"));
  const title = (await second.locator(".row-text > span").textContent()) ?? "none";
  await page.keyboard.press("Enter");
  await card(page).getByRole("heading", { name: title }).waitFor();
  expect(await box(page).inputValue()).toBe("");
  expect(await results(page).count()).toBe(0);
});

test("what is in view comes before what is elsewhere", async () => {
  const { page } = await visit(browser, `${server.url}/#map=11/41.02/-74.33`);
  await box(page).fill("road");
  await results(page).filter({ hasText: "in view" }).first().waitFor();
  const details = await results(page).locator("small").allTextContents();
  const features = details.filter((text) => /USA/.test(text)).map((text) => text.includes("in view"));
  expect(features).toEqual(features.toSorted((a, b) => Number(b) - Number(a)));
  expect(features).toContain(false);
});

test("coordinates and towns are found, and the map goes there", async () => {
  const { page } = await visit(browser, `${server.url}/#map=8/40.75/-74.5`);
  await box(page).fill("40°54'52.61\"N 74°37'8.01\"W");
  await page.keyboard.press("Enter"); // before the answer
  await card(page).getByText("40.9146139, -74.6188917").waitFor();
  await box(page).fill("sao paulo");
  await results(page).filter({ hasText: "São Paulo" }).first().click();
  await expect.poll(() => page.url()).toMatch(/map=10\/-23\.5/);
});

test("a traveler is found by name", async () => {
  const at = `id=Lin+Demo&lat=40.9&lon=-74.5&timestamp=${Math.round(Date.now() / 1000)}`;
  expect((await fetch(`${server.url}/ingest/osmand?${at}`, { method: "POST" })).ok).toBe(true);
  const { page } = await visit(browser, `${server.url}/#map=9/40.9/-74.5`);
  await page.getByText("1 on the way here").waitFor();
  await box(page).fill("demo");
  await results(page).filter({ hasText: "Lin Demo" }).click();
  await expect.poll(() => page.url()).toMatch(/map=11\/40\.9\d*\/-74\.5/);
});

test("Escape leaves, and nothing found says so", async () => {
  const { page } = await visit(browser, `${server.url}/#map=8/40.75/-74.5`);
  await box(page).fill("qqqqq");
  await page.getByText("Nothing is called “qqqqq”").waitFor();
  await isAccessible(page);
  await box(page).press("Escape");
  await page.getByText("Nothing is called “qqqqq”").waitFor({ state: "hidden" });
  expect(await box(page).inputValue()).toBe("");
  expect(await page.evaluate(() => document.activeElement?.className)).toContain("maplibregl-canvas");
});

test("says that the server is not reached, and finds towns all the same", async () => {
  const { page, context } = await visit(browser, `${server.url}/#map=8/40.75/-74.5`);
  await box(page).fill("newto");
  await results(page).filter({ hasText: "Town" }).first().waitFor();
  await context.setOffline(true);
  await box(page).fill("newton");
  await page.getByText("The places of this map cannot be searched").waitFor();
  await results(page).filter({ hasText: "Newton" }).first().waitFor();
  await isAccessible(page);
});

test.each([
  ["wide", {}],
  ["on a phone", { viewport: phone, hasTouch: true }],
  ["wide and dark", { colorScheme: "dark" }],
] as const)("is accessible with results, %s", async (name, options) => {
  const { page } = await visit(browser, `${server.url}/#map=8/40.75/-74.5`, options);
  await box(page).fill("new");
  await results(page).nth(3).waitFor();
  await isAccessible(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/search ${name}.png` });
});
