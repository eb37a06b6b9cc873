import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Track } from "./recording";
import { testStorage } from "./testing/storage";

const summary = { points: 3, features: 1, distance: 42, elapsed: 7 };
const points = (n: number) => Array.from({ length: n }, (_, i) => ({ lat: i, lng: 7 - i }));
const track = (id: string, count = 3): Track => ({
  ...{ id, token: "", source: "draw", began: 1, finishing: true, passed: 0, first: "", last: "", count, sent: count },
  ...{ points: points(count), length: 0, link: "open", kept: true },
});

/** The module as a page that was just loaded has it. */
async function load() {
  vi.resetModules();
  return import("./routes");
}

beforeEach(() => {
  vi.stubGlobal("localStorage", testStorage());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("finished routes are kept over a reload, the newest first and each once", async () => {
  const before = await load();
  before.saveRoute(track("a"), summary);
  before.saveRoute(track("b"), summary);
  before.saveRoute(track("b"), summary);
  const after = await load();
  expect(after.savedRoutes.value.map((r) => r.id)).toEqual(["b", "a"]);
  expect(after.savedRoutes.value[0]).toEqual({ id: "b", name: "Drawn route", began: 1, summary, points: points(3) });
  after.forgetRoute("b");
  expect((await load()).savedRoutes.value.map((r) => r.id)).toEqual(["a"]);
});

test("there are never too many of them", async () => {
  const { saveRoute, savedRoutes } = await load();
  for (let i = 0; i < 40; i++) saveRoute(track(`r${i}`), summary);
  expect(savedRoutes.value).toHaveLength(30);
  expect(savedRoutes.value[0]?.id).toBe("r39");
});

test.each(["nonsense", '[{"id":1}]', '[{"id":"a","name":"x","began":1,"summary":{},"points":[1,2]}]', "[null]"])(
  "what is not a list of routes is no trouble: %s",
  async (text) => {
    localStorage.setItem("routeguide.routes", text);
    expect((await load()).savedRoutes.value).toEqual([]);
  },
);

test("a long line is thinned and keeps its ends", async () => {
  const { thin } = await load();
  const thinned = thin(points(10_001), 500);
  expect(thinned).toHaveLength(500);
  expect(thinned[0]).toEqual(points(1)[0]);
  expect(thinned.at(-1)).toEqual({ lat: 10_000, lng: 7 - 10_000 });
  expect(thin(points(7), 500)).toEqual(points(7));
});

test("a route is called after the features at its ends", async () => {
  const { nameOf } = await load();
  expect(nameOf({ first: "U.S. 6, Shohola, PA", last: "Patriots Path, Mendham", source: "drive" })).toBe(
    "U.S. 6 → Patriots Path",
  );
  expect(nameOf({ first: "U.S. 6, Shohola, PA", last: "U.S. 6, Shohola, PA", source: "drive" })).toBe("By U.S. 6");
  expect(nameOf({ first: "", last: "", source: "device" })).toBe("Own way");
});
