import type { Browser } from "playwright-core";
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

test.each([
  ["wide", wide, "light"],
  ["on a phone", phone, "dark"],
] as const)("who reads Chinese reads it everywhere, %s", async (name, viewport, colorScheme) => {
  const { page } = await visit(browser, `${server.url}/#map=9/40.3/-74.6`, { locale: "zh-CN", viewport, colorScheme });
  for (const tab of ["旅人", "路线", "地点", "记录", "聊天"]) {
    await page.getByRole("tab", { name: tab }).click();
    await expect.poll(() => page.getByRole("tab", { name: tab }).getAttribute("aria-selected")).toBe("true");
    await isAccessible(page);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${tab}-${name}.png` });
  }
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("zh-CN");
});

test("language and units are chosen in the menu, and remembered", async () => {
  const { page } = await visit(browser, `${server.url}/#view=features&map=9/40.3/-74.6`, { locale: "zh-CN" });
  await page
    .getByText(/^[\d.]+公里$/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: "菜单" }).click();
  await page.getByRole("radio", { name: "English" }).check();
  await page.getByRole("radio", { name: "Miles" }).check();
  await page.keyboard.press("Escape");
  await page
    .getByText(/^[\d.]+ mi$/)
    .first()
    .waitFor();
  await page.reload();
  await page.getByRole("tab", { name: "Features" }).waitFor();
  await page
    .getByText(/^[\d.]+ mi$/)
    .first()
    .waitFor();
});
