import { expect, test } from "vitest";
import { apps, isLoopback } from "./apps";

const server = "https://map.example.org";

function setup(id: string, name: string) {
  const app = apps.find((each) => each.id === id);
  if (!app) throw new Error(id);
  return app.setup(server, name);
}

test("every app is told where to send, and who it is", () => {
  for (const app of apps) {
    const { settings } = app.setup(server, "Zoë & Co");
    const address = settings.find(({ value }) => value.startsWith(server));
    expect(address?.typed, app.name).toBe(true);
    const values = settings.map(({ value }) => value);
    expect(
      values.some((value) => value === "Zoë & Co" || value.includes("=Zo%C3%AB%20%26%20Co")),
      app.name,
    ).toBe(true);
  }
});

test("OwnTracks reads its configuration from the link", () => {
  const link = new URL(setup("owntracks", "Zoë").link ?? "");
  const bytes = Uint8Array.from(atob(link.searchParams.get("inline") ?? ""), (c) => c.charCodeAt(0));
  const configuration = JSON.parse(new TextDecoder().decode(bytes));
  expect(configuration).toMatchObject({ _type: "configuration", mode: 3, username: "Zoë" });
  const url = new URL(configuration.url);
  expect([url.pathname, url.searchParams.get("u")]).toEqual(["/ingest/owntracks", "Zoë"]);
});

test("Traccar Client and Overland read theirs", () => {
  const traccar = new URL(setup("traccar", "Zoë").link ?? "");
  expect(traccar.origin + traccar.pathname).toBe(`${server}/ingest/osmand`);
  expect(traccar.searchParams.get("id")).toBe("Zoë");
  const overland = new URL(setup("overland", "Zoë").link ?? "");
  expect(overland.searchParams.get("url")).toBe(`${server}/ingest/overland`);
  expect(overland.searchParams.get("device_id")).toBe("Zoë");
});

test("an address that no phone reaches", () => {
  for (const host of ["localhost", "127.0.0.1", "[::1]", "map.localhost"]) expect(isLoopback(host)).toBe(true);
  for (const host of ["192.168.1.5", "map.example.org", "[2001:db8::1]"]) expect(isLoopback(host)).toBe(false);
});
