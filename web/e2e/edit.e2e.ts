import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAccessible, launch, phone, Server, visit, wide } from "./world";

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

/** Where the map's centre is beside the card. */
const centre = { x: 384 + (wide.width - 384) / 2, y: wide.height / 2 };
const at = (latitude: number, longitude: number) => `${server.url}/#view=features&map=12/${latitude}/${longitude}`;
const row = (page: Page, name: string) => page.getByRole("option").filter({ hasText: name });
const card = (page: Page) => page.getByRole("region", { name: "Chosen place" });
const shot = async (page: Page, name: string) => {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
};

async function create(fields: object): Promise<string> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${server.url}/v1/features`, { method: "POST", headers, body: JSON.stringify(fields) });
  expect(answer.ok).toBe(true);
  return ((await answer.json()) as { id: string }).id;
}

const place = (name: string, latitude: number, longitude: number, more = {}) => ({
  name,
  location: { latitude: Math.round(latitude * 1e7), longitude: Math.round(longitude * 1e7) },
  ...more,
});

/** The map is drawn, and takes clicks. */
async function drawn(page: Page): Promise<void> {
  await page.locator("#map[data-mode]").waitFor();
}

test("a place is added with a click, seen by another visitor, changed there and seen here", async () => {
  const { page } = await visit(browser, at(10, 10));
  const { page: other } = await visit(browser, at(10, 10));
  await drawn(page);
  await other.getByRole("heading", { name: "No features here" }).waitFor();
  await page.getByRole("button", { name: "Add a place" }).click();
  await page.locator("#map[data-mode=choose]").waitFor();
  await page.mouse.click(centre.x, centre.y);
  await page.getByLabel("Name", { exact: true }).fill("Old mill");
  await page.getByRole("radio", { name: "Water" }).check();
  await page.getByLabel("Description").fill("Wheel still turns.");
  await page.getByLabel("Web address").fill("https://mill.example/visit");
  await shot(page, "form");
  await isAccessible(page);
  await page.getByRole("button", { name: "Save" }).click();
  await card(page).getByRole("heading", { name: "Old mill" }).waitFor();
  const link = card(page).getByRole("link", { name: "mill.example" });
  expect(await link.getAttribute("rel")).toBe("noopener noreferrer nofollow");
  await isAccessible(page);
  await shot(page, "card");

  await row(other, "Old mill").filter({ hasText: "Water" }).click();
  await card(other).getByText("Wheel still turns.").waitFor();
  await card(other).getByRole("button", { name: "Edit" }).click();
  await other.getByLabel("Name", { exact: true }).fill("New mill");
  await other.getByRole("button", { name: "Save" }).click();
  await card(page).getByRole("heading", { name: "New mill" }).waitFor();
  await row(page, "New mill").waitFor();
});

test("a place is moved with its pin, and by writing coordinates", async () => {
  await create(place("Bench", 20, 20));
  const { page } = await visit(browser, at(20, 20));
  const { page: other } = await visit(browser, at(20, 20));
  await row(other, "Bench").click();
  await row(page, "Bench").click();
  await card(page).getByRole("button", { name: "Edit" }).click();
  const pin = page.locator(".pin");
  const box = await pin.boundingBox();
  if (!box) throw new Error("there is no pin");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 120, box.y + 60, { steps: 4 });
  await page.mouse.up();
  const position = page.getByLabel("Position", { exact: true });
  await expect.poll(() => position.inputValue()).not.toBe("20.0000000, 20.0000000");
  await page.getByRole("button", { name: "Save" }).click();
  await card(page).getByRole("button", { name: "Edit" }).click();
  await position.fill("rubbish");
  await page.getByText("These are no coordinates").waitFor();
  await position.fill("20°0'36\"N 20°0'E");
  await position.press("Enter");
  await card(page).getByText("20.0100000, 20.0000000").waitFor();
  await card(other).getByText("20.0100000, 20.0000000").waitFor();
});

test("what the server does not take is said at its field", async () => {
  await create(place("Tower", 30, 30));
  const { page } = await visit(browser, at(30, 30));
  await row(page, "Tower").click();
  await card(page).getByRole("button", { name: "Edit" }).click();
  const address = page.getByLabel("Web address");
  await address.fill("javascript:alert(1)");
  await page.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => address.getAttribute("aria-invalid")).toBe("true");
  expect(await page.locator("#place-webAddress-note").textContent()).toMatch(/http/);
  await isAccessible(page);
  await address.fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await card(page).getByRole("heading", { name: "Tower" }).waitFor();
});

test("a deleted place comes back with Undo, and goes for everybody when the page is left", async () => {
  await create(place("Well", 40, 10));
  const { page, context } = await visit(browser, at(40, 10));
  const { page: other } = await visit(browser, at(40, 10));
  await row(other, "Well").waitFor();
  for (const undo of [true, false]) {
    await row(page, "Well").click();
    await card(page).getByRole("button", { name: "Edit" }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await row(page, "Well").waitFor({ state: "detached" });
    if (!undo) continue;
    await page.getByRole("button", { name: "Undo" }).click();
    await row(page, "Well").waitFor();
  }
  await row(other, "Well").waitFor();
  await context.close();
  await row(other, "Well").waitFor({ state: "detached" });
});

test("areas that were looked at before are kept as they are now", async () => {
  await create(place("Gate", 50, 10, { category: "sight" }));
  const { page } = await visit(browser, at(50, 10));
  await row(page, "Gate").waitFor();
  await page.evaluate(() => {
    location.hash = "#view=features&map=12/50/30";
  });
  await page.getByRole("heading", { name: "No features here" }).waitFor();
  await create(place("Bridge", 50.001, 10.001));
  await page.goBack();
  await row(page, "Bridge").waitFor();
});

test("any place of the map can become one, from its card; a phone has it all", async () => {
  const { page } = await visit(browser, at(60, 10), { viewport: phone, hasTouch: true });
  await drawn(page);
  await page.mouse.click(200, 200, { button: "right" });
  await card(page).getByRole("button", { name: "Add a place here" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Jetty");
  await shot(page, "form on a phone");
  await isAccessible(page);
  await page.getByRole("button", { name: "Save" }).click();
  await row(page, "Jetty").waitFor();
  await isAccessible(page);
});

test("is accessible in the dark, with kinds on the map", async () => {
  for (const [i, category] of ["peak", "hut", "food", "camp", "danger", "station", "sight", "other"].entries())
    await create(place(`A ${category}`, 70 + i / 200, 10 + i / 50, { category }));
  const { page } = await visit(browser, at(70.02, 10.05), { colorScheme: "dark" });
  await row(page, "A station").click();
  await card(page).getByText("Station", { exact: true }).waitFor();
  await isAccessible(page);
  await shot(page, "kinds dark");
  await card(page).getByRole("button", { name: "Edit" }).click();
  await isAccessible(page);
  await shot(page, "form dark");
});
