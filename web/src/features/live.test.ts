import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Rect } from "../geo";
import { readFeatures } from "../rpc/features";
import { TestFeatures } from "../testing/features";
import { TestServer } from "../testing/server";
import { until } from "../testing/until";
import { FeatureFinder } from "./features";
import { followFeatures } from "./live";

let features: TestFeatures;
let server: TestServer;
let finder: FeatureFinder;
let page: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  features = new TestFeatures();
  server = new TestServer(features.handle);
  vi.stubGlobal("WebSocket", server.socketClass());
  page = new AbortController();
  const read = async (area: Rect, signal: AbortSignal) => (await readFeatures(area, signal)).all;
  finder = new FeatureFinder(async (area, onBatch, signal) => onBatch([...(await read(area, signal))]), read);
});

afterEach(() => {
  page.abort();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const view = (south: number): Rect => ({ south, west: 0, north: south + 79, east: 79 });
const names = () => finder.listing.value.features.map((f) => f.name).toSorted();
const lists = (...expected: string[]) => until(() => JSON.stringify(names()) === JSON.stringify(expected));

test("the list is as the server has it, whatever happens", async () => {
  features.put("a", "A", 5, 5);
  followFeatures(finder, page.signal);
  finder.look(view(0));
  await lists("A");
  await until(() => features.watches.length === 1);
  features.put("b", "B", 6, 6);
  await lists("A", "B");
  features.put("a", "A", 500, 5);
  await lists("B");
  features.delete("b");
  await lists();
});

test("what was looked at before is kept fresh too, by one watch", async () => {
  followFeatures(finder, page.signal);
  finder.look(view(0));
  await until(() => features.watches.length === 1);
  finder.look(view(800));
  await until(() => features.watches.length === 2);
  expect(features.watches[1]?.area).toEqual({ south: 0, west: 0, north: 879, east: 79 });
  await until(() => server.calls("WatchFeatures").length === 1);
  features.put("a", "A", 5, 5);
  finder.look(view(0));
  await lists("A");
});

test("what happens without a connection is told when it is back", async () => {
  features.put("a", "A", 5, 5);
  followFeatures(finder, page.signal);
  finder.look(view(0));
  await until(() => features.watches.length === 1);
  await lists("A");
  server.kill();
  features.put("b", "B", 6, 6);
  features.delete("a");
  server.start();
  await lists("B");
  expect(features.watches.length).toBeGreaterThan(1);
});
