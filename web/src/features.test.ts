import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Feature,
  FeatureFinder,
  filterFeatures,
  indexOfPoint,
  type ListFeatures,
  sortByDistance,
  splitName,
} from "./features";
import type { Rect } from "./geo";

const feature = (name: string, lat = 0, lng = 0): Feature => ({ name, point: { lat, lng } });
const rect = (south: number): Rect => ({ south, west: 0, north: 90, east: 90 });

/** A list call that the test answers by hand. */
interface Asked {
  readonly rect: Rect;
  readonly signal: AbortSignal;
  batch(...names: string[]): void;
  end(): Promise<void>;
  fail(reason: string): Promise<void>;
}

function server(): { calls: Asked[]; list: ListFeatures } {
  const calls: Asked[] = [];
  const list: ListFeatures = (rect, onBatch, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      calls.push({
        rect,
        signal,
        batch: (...names) => onBatch(names.map((name) => feature(name))),
        end: async () => resolve(),
        fail: async (reason) => reject(new Error(reason)),
      });
    });
  return { calls, list };
}

const names = (features: readonly Feature[]) => features.map((f) => f.name);

describe("the finder", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("asks for the first rectangle at once and counts while it streams", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list);
    expect(finder.listing.value.kind).toBe("waiting");
    finder.look(rect(1));
    calls[0]?.batch("a", "b");
    expect(finder.listing.value).toEqual({ kind: "streaming", features: [], received: 2 });
    await calls[0]?.end();
    expect(finder.listing.value.kind).toBe("ready");
    expect(names(finder.listing.value.features)).toEqual(["a", "b"]);
  });

  test("asks once when the map comes to rest, and cancels what still runs", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list);
    finder.look(rect(1));
    calls[0]?.batch("old");
    finder.look(rect(2));
    finder.look(rect(3));
    expect(calls).toHaveLength(1);
    await vi.runAllTimersAsync();
    expect(calls.map((call) => call.rect.south)).toEqual([1, 3]);
    expect(calls[0]?.signal.aborted).toBe(true);
    calls[0]?.batch("late");
    expect(finder.listing.value).toEqual({ kind: "streaming", features: [], received: 0 });
    calls[1]?.batch("new");
    await calls[1]?.end();
    expect(names(finder.listing.value.features)).toEqual(["new"]);
  });

  test("does not ask again for what it shows", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list);
    finder.look(rect(1));
    finder.look(rect(1));
    await vi.runAllTimersAsync();
    expect(calls).toHaveLength(1);
  });

  test("keeps the features of before until a quick answer is whole", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list);
    finder.look(rect(1));
    calls[0]?.batch("before");
    await calls[0]?.end();
    finder.again();
    calls[1]?.batch("now");
    expect(names(finder.listing.value.features)).toEqual(["before"]);
    await calls[1]?.end();
    expect(names(finder.listing.value.features)).toEqual(["now"]);
  });

  test("shows a long answer each time it has doubled", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list);
    finder.look(rect(1));
    await vi.advanceTimersByTimeAsync(300);
    calls[0]?.batch("a", "b");
    expect(names(finder.listing.value.features)).toEqual(["a", "b"]);
    calls[0]?.batch("c");
    expect(names(finder.listing.value.features)).toEqual(["a", "b"]);
    calls[0]?.batch("d");
    expect(names(finder.listing.value.features)).toEqual(["a", "b", "c", "d"]);
  });

  test("says why it failed, keeps what it had, and can be asked again", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list);
    finder.look(rect(1));
    calls[0]?.batch("kept");
    await calls[0]?.end();
    finder.again();
    await calls[1]?.fail("no such luck");
    expect(finder.listing.value).toMatchObject({ kind: "failed", reason: "no such luck" });
    expect(names(finder.listing.value.features)).toEqual(["kept"]);
    finder.again();
    await calls[2]?.end();
    expect(finder.listing.value).toEqual({ kind: "ready", features: [] });
  });
});

describe("the filter", () => {
  const all = [feature("Café Road, Monroe"), feature(""), feature("Main Street, Monroe"), feature("ROAD 9")];

  test.each([
    ["", false, ["Café Road, Monroe", "Main Street, Monroe", "ROAD 9"]],
    ["", true, ["Café Road, Monroe", "", "Main Street, Monroe", "ROAD 9"]],
    ["road", true, ["Café Road, Monroe", "ROAD 9"]],
    ["  monroe cafe ", false, ["Café Road, Monroe"]],
    ["CAFÉ", false, ["Café Road, Monroe"]],
    ["nothing", true, []],
  ])("%j, unnamed %j", (filter, unnamed, expected) => {
    expect(names(filterFeatures(all, filter, unnamed))).toEqual(expected);
  });

  test("gives back the same list where it keeps everything", () => {
    expect(filterFeatures(all, " ", true)).toBe(all);
  });
});

test("rows are sorted by distance, ties in the server's order", () => {
  const features = [feature("far", 20_000_000), feature("b", 10_000_000), feature("a", 10_000_000), feature("here")];
  const rows = sortByDistance(features, { zoom: 1, latitude: 0, longitude: 0 });
  expect(names(rows)).toEqual(["here", "b", "a", "far"]);
  expect(indexOfPoint(rows, { lat: 20_000_000, lng: 0 })).toBe(3);
  expect(indexOfPoint(rows, { lat: 1, lng: 0 })).toBe(-1);
  expect(indexOfPoint(rows, null)).toBe(-1);
});

test.each([
  ["U.S. 6, Shohola, PA 18458, USA", "U.S. 6", "Shohola, PA 18458, USA"],
  ["Lighthouse", "Lighthouse", ""],
  ["", "", ""],
])("%j has a title and a detail", (name, title, detail) => expect(splitName(name)).toEqual([title, detail]));
