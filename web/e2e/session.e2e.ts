// Somebody else's browser: shut out without a key, in with the link that the log has, out when the key is revoked.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freeAddresses, launch, phone, Server, visit, wide } from "./world";

let browser: Browser;
let server: Server;
let url: string;

beforeAll(async () => {
  const [address] = (await freeAddresses(1)) as [string];
  url = `http://${address}`;
  server = await Server.start("-http-addr", address.replace("127.0.0.1", "0.0.0.0"));
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** What the page's own requests may do. */
function caller(page: Page): Promise<{ role?: string; code?: number; key?: { id: string } }> {
  return page.evaluate(async () => (await fetch("/v1/caller")).json());
}

test.each([
  ["wide", wide],
  ["on a phone", phone],
])("a link signs a browser in, %s", async (_, viewport) => {
  await expect.poll(() => server.log).toContain("#key=");
  const key = /#key=(\w+)/.exec(server.log)?.[1] ?? "";
  const { page: stranger } = await visit(browser, url, { viewport });
  expect((await caller(stranger)).role).toBe("ROLE_UNSPECIFIED");

  const { page, context } = await visit(browser, `${url}/#key=${key}&view=features`, { viewport });
  await page.getByText("Berkshire Valley Management Area Trail").first().waitFor();
  expect(page.url()).not.toContain(key);
  expect(page.url()).toContain("view=features");
  expect((await caller(page)).role).toBe("ROLE_ADMIN");
  expect(await page.evaluate(() => document.cookie)).toBe("");
  expect(await context.cookies()).toMatchObject([{ value: key, httpOnly: true, sameSite: "Strict" }]);

  // Another link in the same page makes it somebody else's.
  const made = await page.evaluate(async () => {
    const body = JSON.stringify({ name: "friend", role: "ROLE_VIEW" });
    const headers = { "Content-Type": "application/json" };
    return (await fetch("/v1/keys", { method: "POST", headers, body })).json();
  });
  await page.evaluate((secret) => {
    location.hash = `#key=${secret}`;
  }, made.secret);
  const gone = () => ({ role: "none yet" }); // as long as the page is being loaded anew
  await expect.poll(async () => (await caller(page).catch(gone)).role).toBe("ROLE_VIEW");
  expect(page.url()).not.toContain(made.secret);

  const revoked = await fetch(`${url}/v1/keys/${made.key.id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${key}` },
  });
  expect(revoked.status).toBe(200);
  expect((await caller(page)).code).toBe(16);
});
