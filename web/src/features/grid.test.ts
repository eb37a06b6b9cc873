import { describe, expect, test } from "vitest";
import { contains, type Rect } from "../geo";
import { holds, meet, outward, without } from "./grid";

const rect = (south: number, west: number, north: number, east: number): Rect => ({ south, west, north, east });

describe("the grid", () => {
  test.each([
    rect(401_234_567, -751_234_567, 412_345_678, -731_234_567),
    rect(-900_000_000, -1_800_000_000, 900_000_000, 1_800_000_000),
    rect(5, 5, 5, 5),
    rect(-100_000_000, 1_700_000_000, 100_000_000, -1_700_000_000),
  ])("holds the view and is not much larger, %j", (view) => {
    const grown = outward(view);
    for (const lat of [view.south, view.north])
      for (const lng of [view.west, view.east]) expect(contains(grown, { lat, lng })).toBe(true);
    expect(grown.north - grown.south).toBeLessThanOrEqual((view.north - view.south) * 1.25 + 1);
  });

  test("gives views that differ a little the same area", () => {
    expect(outward(rect(1000, 1000, 9000, 9000))).toEqual(outward(rect(1010, 1001, 8990, 9010)));
  });
});

describe("what is not known yet", () => {
  const wanted = rect(0, 0, 9, 9);

  test.each<[string, Rect[], number]>([
    ["nothing known", [], 100],
    ["all known", [rect(-5, -5, 20, 20)], 0],
    ["known elsewhere", [rect(10, 0, 20, 9)], 100],
    ["a pan to the north east", [rect(-3, -2, 6, 7)], 100 - 56],
    ["a look from further away", [rect(3, 3, 5, 5)], 91],
    ["two that touch", [rect(0, 0, 9, 4), rect(0, 5, 9, 9)], 0],
    ["corners", [rect(0, 0, 1, 1), rect(8, 8, 9, 9), rect(0, 8, 1, 9), rect(8, 0, 9, 1)], 84],
  ])("%s: every point is in exactly one", (_, known, size) => {
    const parts = without(wanted, known);
    let covered = 0;
    for (let lat = 0; lat <= 9; lat++)
      for (let lng = 0; lng <= 9; lng++) {
        const times = [...parts, ...known].filter((r) => contains(r, { lat, lng })).length;
        expect(times).toBe(1);
        if (parts.some((r) => contains(r, { lat, lng }))) covered++;
      }
    expect(covered).toBe(size);
    for (const part of parts) expect(holds(wanted, part)).toBe(true);
  });

  test("edges belong to an area", () => {
    expect(meet(rect(0, 0, 5, 5), rect(5, 5, 9, 9))).toBe(true);
    expect(meet(rect(0, 0, 5, 5), rect(6, 0, 9, 9))).toBe(false);
  });
});
