import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAccessible, launch, Server, visit } from "./world";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test("the page opens without a network; a note that is written then is sent once when it is back", async () => {
  const place = "409146138,-746188906";
  const { page, context } = await visit(browser, server.url, { serviceWorkers: "allow" });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await context.setOffline(true);
  await page.goto(`${server.url}/#view=chat&place=${place}`);
  await page.reload();
  await page.getByText("offline", { exact: true }).first().waitFor();
  await page.getByLabel("Your note").fill("written on the way");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Without a name", exact: true }).click();
  await page.getByRole("button", { name: "1 waiting" }).click();
  await page.getByRole("dialog").getByText("written on the way").waitFor();
  await isAccessible(page);
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/offline.png` });
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByRole("button", { name: "1 waiting" }).waitFor();

  await context.setOffline(false);
  await expect.poll(() => page.getByRole("button", { name: "1 waiting" }).count(), { timeout: 60_000 }).toBe(0);
  const stored = async () => {
    const answer = await fetch(`${server.url}/v1/notes?pageSize=100`);
    return (await answer.text()).split("written on the way").length - 1;
  };
  await expect.poll(stored).toBe(1);
});
