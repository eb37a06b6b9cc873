import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAccessible, launch, phone, Server, visit, wide } from "./world";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Takes a picture to be looked at, where somebody asks for them. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}

const tabs = {
  en: ["Travelers", "Routes", "Features", "Record", "Chat"],
  zh: ["旅行者", "路线", "地点", "记录", "留言"],
};

test.each([
  ["en", "wide", "light"],
  ["zh", "wide", "light"],
  ["zh", "wide", "dark"],
  ["zh", "phone", "light"],
  ["zh", "phone", "dark"],
] as const)("every view in %s, %s and %s", async (language, size, colorScheme) => {
  const { page } = await visit(browser, server.url, {
    locale: { en: "en-US", zh: "zh-CN" }[language],
    viewport: { wide, phone }[size],
    colorScheme,
  });
  await expect.poll(() => page.locator("html").getAttribute("lang")).toBe({ en: "en", zh: "zh-Hans" }[language]);
  for (const [i, tab] of tabs[language].entries()) {
    await page.getByRole("tab", { name: tab, exact: true }).click();
    await isAccessible(page);
    await picture(page, `${language}-${size}-${colorScheme}-${i}`);
  }
});

test("the language and the units are chosen in the menu, and remembered", async () => {
  const { page } = await visit(browser, `${server.url}/#view=features`);
  const distances = page.locator("#features .row-end");
  await expect.poll(() => distances.first().textContent()).toMatch(/ k?m$/);
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByText("Miles").click();
  await expect.poll(() => distances.last().textContent()).toMatch(/ mi$/);
  await page.getByText("简体中文").click();
  await page.getByRole("tab", { name: "路线" }).waitFor();
  await isAccessible(page);
  await picture(page, "menu");
  await page.reload();
  await page.getByRole("tab", { name: "路线" }).waitFor();
  await page.getByRole("tab", { name: "地点" }).click();
  await expect.poll(() => distances.last().textContent()).toMatch(/英里$/);
});
