import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Server, visit } from "./world";

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
    const { page } = await visit(browser, "about:blank", { colorScheme });
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith("data:")) elsewhere.push(request.url());
    });
    await page.goto(`${server.url}/openapi/`);
    const call = page.locator(".opblock").filter({ hasText: "/v1/features/{latitude}/{longitude}" });
    await call.locator(".opblock-summary-control").click();
    await call.getByRole("button", { name: "Try it out" }).click();
    await call.getByPlaceholder("latitude", { exact: true }).fill("409146138");
    await call.getByPlaceholder("longitude", { exact: true }).fill("-746188906");
    await call.getByRole("button", { name: "Execute" }).click();
    await call.locator(".live-responses-table").getByText("Berkshire Valley Management Area Trail").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.shade)).toBe(colorScheme);
    expect(elsewhere).toEqual([]);
  },
);
