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

interface Fix {
  readonly time: string;
  readonly accuracy?: number;
}

test("a route keeps when each point was measured, and how exactly, though the server was away then", async () => {
  const position = (n: number) => ({ latitude: 40.9 + n / 1000, longitude: -74.6, accuracy: 10 + n });
  const { page, context } = await visit(browser, `${server.url}/#view=record&map=11/40.9/-74.6`, {
    permissions: ["geolocation"],
    geolocation: position(0),
  });
  const points = async () =>
    Number(
      await page
        .locator(".stat")
        .filter({ hasText: /points/ })
        .locator("b")
        .textContent(),
    );
  await page.getByRole("button", { name: "Start recording" }).click();
  await expect.poll(points).toBe(1);
  await server.stop("SIGKILL");
  await page.getByText("No connection.").waitFor();
  for (let n = 1; n < 4; n++) {
    await context.setGeolocation(position(n));
    await expect.poll(points).toBe(n + 1);
  }
  const measured = Date.now();
  await server.restart();
  await page.getByText("points, all sent").waitFor();
  await page.getByRole("button", { name: "Finish" }).click();
  await page.getByText("Route stored").waitFor();
  const { routes } = (await (await fetch(`${server.url}/v1/routes`)).json()) as { routes: { id: string }[] };
  const lines = (await (await fetch(`${server.url}/v1/routes/${routes[0]?.id}:track`)).text()).trim().split("\n");
  const fixes = lines.flatMap((line) => (JSON.parse(line) as { result: { fixes: Fix[] } }).result.fixes);
  expect(fixes.map((fix) => fix.accuracy)).toEqual([10, 11, 12, 13]);
  const times = fixes.map((fix) => Date.parse(fix.time));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)).toBeLessThanOrEqual(measured);
});
