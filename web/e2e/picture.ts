// Takes README's picture: the features around a place, a drive that is being recorded, and the notes of that place.
import { writeFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Server, suggestDrive, visit } from "./world";

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

const place = { latitude: 409146138, longitude: -746188906 };

async function leaveNote(traveler: string, message: string): Promise<void> {
  const answer = await fetch(`${server.url}/v1/notes:chat`, {
    method: "POST",
    headers: { "content-type": "application/json", traveler },
    body: JSON.stringify({ location: place, message }),
  });
  expect(answer.status).toBe(200);
  await answer.text();
}

test("the picture", async () => {
  await leaveNote("Ada", "The lot at the trailhead is full. There is space a mile north.");
  await leaveNote("Lin", "Thanks! The path is muddy after the bridge, the view is worth it.");
  const { page } = await visit(browser, `${server.url}/#view=record&map=9/41.05/-74.45`, {
    viewport: { width: 1280, height: 800 },
  });
  await page.evaluate(() => localStorage.setItem("routeguide.traveler", "Kim"));
  await page.reload();
  await suggestDrive(page, "600");
  await page.getByRole("button", { name: "Start recording" }).click();
  await expect
    .poll(async () => Number.parseFloat((await page.locator(".stat b").first().textContent()) ?? ""), {
      timeout: 60_000,
    })
    .toBeGreaterThan(40);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.evaluate(
    (hash) => location.assign(hash),
    `#view=chat&place=${place.latitude},${place.longitude}&map=9.2/40.98/-74.4`,
  );
  await page.getByRole("textbox", { name: "Your note" }).fill("On my way, 20 minutes.");
  await page.keyboard.press("Enter");
  await page.locator(".bubble:not(.pending)").nth(2).waitFor();

  // The map is done when two looks at it are alike.
  let before = "";
  await expect
    .poll(
      async () => {
        const last = before;
        before = (await page.screenshot({ clip: { x: 400, y: 0, width: 800, height: 720 } })).toString("base64");
        return before === last;
      },
      { interval: 1500, timeout: 60_000 },
    )
    .toBe(true);
  await writeFile("e2e/routeguide.png", await page.screenshot());
});
