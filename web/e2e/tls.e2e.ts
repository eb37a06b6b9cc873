import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAccessible, launch, phone, Server, visit, wide } from "./world";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await Server.start("-lan");
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const place = "place=400000000,-750000000&map=11/40/-75";

test("over TLS, pages talk by HTTP/2 and by WebSockets", async () => {
  const { page: ada } = await visit(browser, `${server.url}/#view=chat&${place}`, { ignoreHTTPSErrors: true });
  const { page: lin } = await visit(browser, `${server.url}/#view=chat&${place}`, { ignoreHTTPSErrors: true });
  await ada.getByRole("textbox", { name: "Your note" }).fill("Good morning");
  await ada.getByRole("textbox", { name: "Your note" }).press("Enter");
  await ada.getByLabel("What should the others call you?").fill("Ada");
  await ada.getByRole("button", { name: "Send with this name" }).click();
  await lin.getByRole("log", { name: "Notes" }).getByText("Good morning", { exact: true }).waitFor();
  const protocols = await lin.evaluate(() =>
    performance.getEntriesByType("resource").map((entry) => (entry as PerformanceResourceTiming).nextHopProtocol),
  );
  expect(new Set(protocols.filter((protocol) => protocol !== ""))).toEqual(new Set(["h2"]));
});

test.each([
  ["light", wide],
  ["dark", phone],
] as const)("a phone is told how it comes to trust the map, %s", async (colorScheme, viewport) => {
  const { page } = await visit(browser, `${server.url}/#view=travelers&map=11/40/-75`, {
    ignoreHTTPSErrors: true,
    viewport,
    colorScheme,
  });
  await page.getByRole("button", { name: "Add a phone" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a phone" });
  await dialog.getByText("Let the phone trust this map").click();
  const link = dialog.getByRole("link", { name: "Get the certificate" });
  await link.waitFor();
  const answer = await page.request.get(new URL((await link.getAttribute("href")) ?? "", page.url()).href);
  expect(answer.headers()["content-type"]).toBe("application/x-x509-ca-cert");
  await isAccessible(page);
  await page.screenshot({ path: `test-results/trust-${colorScheme}.png` });
});
