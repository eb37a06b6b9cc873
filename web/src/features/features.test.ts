import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Rect } from "../geo";
import type { MapFeature } from "../rpc/features";
import {
  type Feature,
  FeatureFinder,
  filterFeatures,
  indexOfPoint,
  type ListFeatures,
  sortByDistance,
  splitName,
} from "./features";

const feature = (name: string, lat = 0, lng = 0): Feature => ({ name, point: { lat, lng } });
/** A view of 80 × 80 on a grid of 8. */
const view = (south: number, west = 0): Rect => ({ south, west, north: south + 79, east: west + 79 });
const size = (r: Rect) => (r.north - r.south + 1) * (r.east - r.west + 1);

/** A list call that the test answers by hand. */
interface Asked {
  readonly rect: Rect;
  readonly signal: AbortSignal;
  /** Features in the middle of the area. */
  batch(...names: string[]): void;
  end(): Promise<void>;
  fail(reason: string): Promise<void>;
}

function server(): { calls: Asked[]; list: ListFeatures } {
  const calls: Asked[] = [];
  const list: ListFeatures = (rect, onBatch, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      const middle = [Math.trunc((rect.south + rect.north) / 2), Math.trunc((rect.west + rect.east) / 2)] as const;
      calls.push({
        rect,
        signal,
        batch: (...names) => onBatch(names.map((name) => feature(name, ...middle))),
        end: async () => resolve(),
        fail: async (reason) => reject(new Error(reason)),
      });
    });
  return { calls, list };
}

const nothingMore = () => Promise.reject(new Error("not described"));

const names = (features: readonly Feature[]) => features.map((f) => f.name);

describe("the finder", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("asks for the view, and lists what is there", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list, nothingMore);
    expect(finder.listing.value.kind).toBe("waiting");
    finder.look(view(0));
    expect(calls.map((call) => call.rect)).toEqual([view(0)]);
    calls[0]?.batch("a", "b");
    expect(finder.listing.value).toEqual({ kind: "streaming", features: [] });
    await calls[0]?.end();
    expect(finder.listing.value.kind).toBe("ready");
    expect(names(finder.listing.value.features)).toEqual(["a", "b"]);
  });

  test("asks only for what a move brings into view, and for nothing on the way back", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list, nothingMore);
    finder.look(view(0));
    calls[0]?.batch("first");
    await calls[0]?.end();
    const [drawn] = finder.parts.value;
    finder.look(view(48));
    expect(calls.slice(1).map((call) => call.rect)).toEqual([{ south: 80, west: 0, north: 127, east: 79 }]);
    calls[1]?.batch("second");
    await calls[1]?.end();
    expect(names(finder.listing.value.features)).toEqual(["second"]);
    expect(finder.parts.value[0]).toBe(drawn);
    finder.look(view(0));
    expect(calls).toHaveLength(2);
    expect(names(finder.listing.value.features)).toEqual(["first"]);
    expect(finder.at({ lat: 103, lng: 39 })?.name).toBe("second");
  });

  test("asks for the frame around what it knows when it looks from further away", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list, nothingMore);
    finder.look(view(80, 80));
    await calls[0]?.end();
    finder.look({ south: 0, west: 0, north: 239, east: 239 });
    const frame = calls.slice(1).map((call) => call.rect);
    expect(frame.reduce((n, r) => n + size(r), 0)).toBe(240 * 240 - 80 * 80);
  });

  test("does not ask for slivers: a move within the grid costs nothing", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list, nothingMore);
    finder.look({ south: 3, west: 3, north: 75, east: 75 });
    await calls[0]?.end();
    finder.look({ south: 6, west: 1, north: 78, east: 73 });
    expect(calls).toHaveLength(1);
  });

  test("lets a call go on that is still wanted, and cancels one that is not", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list, nothingMore);
    finder.look(view(0));
    finder.look(view(40));
    expect(calls[0]?.signal.aborted).toBe(false);
    finder.look(view(1000));
    expect(calls.map((call) => call.signal.aborted)).toEqual([true, true, false]);
    calls[0]?.batch("late");
    await calls[2]?.end();
    expect(finder.listing.value).toEqual({ kind: "ready", features: [] });
  });

  test("goes on with few areas however much somebody roams", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list, nothingMore);
    for (let i = 0; i < 40; i++) {
      finder.look(view(8 * i, 8 * ((i * 7) % 11)));
      for (const call of calls.splice(0)) await call.end();
    }
    finder.look({ south: -400, west: -400, north: 800, east: 800 });
    expect(calls.length).toBeLessThan(10);
  });

  test("forgets what was seen long ago when it has too much", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list, nothingMore);
    const many = Array.from({ length: 100_000 }, (_, i) => `${i}`);
    for (let i = 0; i < 6; i++) {
      finder.look(view(1000 * i));
      calls[i]?.batch(...many);
      await calls[i]?.end();
    }
    expect(finder.parts.value.reduce((n, part) => n + part.length, 0)).toBe(400_000);
    finder.look(view(4000));
    expect(calls).toHaveLength(6);
    finder.look(view(0));
    expect(calls).toHaveLength(7);
  });

  test("keeps the features of before until a quick answer is whole", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list, nothingMore);
    finder.look(view(0));
    calls[0]?.batch("before");
    await calls[0]?.end();
    finder.again();
    calls[1]?.batch("now");
    expect(names(finder.listing.value.features)).toEqual(["before"]);
    expect(names(finder.parts.value.flat())).toEqual(["before"]);
    await calls[1]?.end();
    expect(names(finder.listing.value.features)).toEqual(["now"]);
    expect(names(finder.parts.value.flat())).toEqual(["now"]);
  });

  test("shows a long answer each time it has doubled", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list, nothingMore);
    finder.look(view(0));
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
    const finder = new FeatureFinder(list, nothingMore);
    finder.look(view(0));
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

describe("what changes", () => {
  const known = (id: string, name: string, lat: number, lng: number): MapFeature => ({
    id,
    name,
    point: { lat, lng },
    description: "",
    category: "",
    webAddress: "",
  });
  /** A finder that has listed and described the view. */
  async function described(...all: MapFeature[]) {
    const { calls, list } = server();
    let answer: (all: readonly MapFeature[]) => void = () => {};
    const described = new Promise<readonly MapFeature[]>((resolve) => {
      answer = resolve;
    });
    const finder = new FeatureFinder(list, () => described);
    finder.look(view(0));
    calls[0]?.batch("listed");
    await calls[0]?.end();
    return { finder, calls, describe: () => settle(() => answer(all)) };
  }
  const settle = async (act: () => void) => {
    act();
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };

  test("few features are known with all that there is of them", async () => {
    const { finder, describe } = await described(known("a", "A", 5, 5));
    expect(names(finder.listing.value.features)).toEqual(["listed"]);
    await describe();
    expect(finder.listing.value.features).toEqual([known("a", "A", 5, 5)]);
    expect(finder.at({ lat: 5, lng: 5 })?.id).toBe("a");
    expect(finder.find("a")?.name).toBe("A");
  });

  test("is added, renamed, moved and deleted in the list and on the map, the rest untouched", async () => {
    const { finder, describe } = await described(known("a", "A", 5, 5), known("b", "B", 6, 6));
    await describe();
    finder.change([{ id: "c", feature: known("c", "C", 7, 7) }]);
    const [before] = finder.parts.value;
    expect(names(finder.listing.value.features)).toEqual(["A", "B", "C"]);
    finder.change([{ id: "c", feature: known("c", "C2", 8, 8) }]);
    expect(names(finder.listing.value.features)).toEqual(["A", "B", "C2"]);
    expect(finder.parts.value[0]).toBe(before);
    expect(finder.at({ lat: 7, lng: 7 })).toBeNull();
    finder.change([{ id: "a", feature: known("a", "A", 5000, 5) }]);
    finder.change([{ id: "b", feature: null }]);
    expect(names(finder.listing.value.features)).toEqual(["C2"]);
  });

  test("of many changes to one the last counts", async () => {
    const { finder, describe } = await described();
    await describe();
    finder.change([
      { id: "a", feature: known("a", "1", 5, 5) },
      { id: "a", feature: null },
      { id: "a", feature: known("a", "2", 6, 6) },
    ]);
    expect(names(finder.listing.value.features)).toEqual(["2"]);
  });

  test("is not lost when it comes while an older state is being read", async () => {
    const { finder, describe } = await described(known("a", "old", 5, 5));
    finder.change([{ id: "a", feature: known("a", "new", 5, 5) }]);
    await describe();
    expect(names(finder.listing.value.features)).toEqual(["new"]);
  });

  test("finds those whose identifiers are not known by their points", async () => {
    const { calls, list } = server();
    const finder = new FeatureFinder(list, nothingMore);
    finder.look(view(0));
    calls[0]?.batch("of the file");
    finder.change([{ id: "39,39", feature: null }]);
    await calls[0]?.end();
    expect(finder.listing.value.features).toEqual([]);
    finder.again();
    calls[1]?.batch("made here");
    await calls[1]?.end();
    finder.change([{ id: "x", feature: known("x", "renamed", 39, 39) }]);
    expect(names(finder.listing.value.features)).toEqual(["renamed"]);
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
