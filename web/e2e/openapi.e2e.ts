import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAccessible, launch, Server, visit } from "./world";

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

test.each(["light", "dark"] as const)(
  "the REST interface is shown and tried with nothing from elsewhere, %s",
  async (colorScheme) => {
    const { page } = await visit(browser, "about:blank", { colorScheme, bypassCSP: true });
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith("data:")) elsewhere.push(request.url());
    });
    await page.goto(`${server.url}/openapi/`);
    await page.locator(".opblock").first().waitFor();
    await isAccessible(page);
    const call = page.locator(".opblock").filter({ hasText: "/v1/features/{latitude}/{longitude}" });
    await call.locator(".opblock-summary-control").click();
    await call.getByRole("button", { name: "Try it out" }).click();
    await call.getByPlaceholder("latitude", { exact: true }).fill("409146138");
    await call.getByPlaceholder("longitude", { exact: true }).fill("-746188906");
    await call.getByRole("button", { name: "Execute" }).click();
    await call.locator(".live-responses-table").getByText("Berkshire Valley Management Area Trail").first().waitFor();
    await page.getByRole("button", { name: /notes:chat Carries/ }).click();
    await isAccessible(page);
    expect(await page.evaluate(() => document.documentElement.dataset.shade)).toBe(colorScheme);
    const [red = 0] = await page
      .locator(".swagger-ui")
      .first()
      .evaluate((element) => getComputedStyle(element).color.match(/\d+/g)?.map(Number) ?? []);
    expect(red > 128).toBe(colorScheme === "dark");
    expect(elsewhere).toEqual([]);
  },
);
