import { describe, expect, test } from "vitest";
import { heightOf, nextStop, settle } from "./sheet";

const viewport = 844;
const head = 120;
const half = heightOf("half", viewport, head);
const full = heightOf("full", viewport, head);

test("each stop is higher than the one before, and a strip of the map stays", () => {
  expect(heightOf("peek", viewport, head)).toBe(head);
  expect(half).toBeGreaterThan(head);
  expect(full).toBeGreaterThan(half);
  expect(full).toBeLessThan(viewport);
});

test("half of a low screen is all of it", () => {
  expect(heightOf("half", 450, head)).toBe(heightOf("full", 450, head));
});

describe("a sheet that is let go", () => {
  test.each([
    [head + 10, "peek"],
    [half - 40, "half"],
    [half + 40, "half"],
    [full - 40, "full"],
  ])("at rest at %d px goes to the nearest stop", (height, stop) =>
    expect(settle(height, 0, viewport, head)).toBe(stop),
  );

  test.each([
    [half + 5, 1, "full"],
    [half - 5, -1, "peek"],
    [head + 5, 1, "half"],
    [full - 5, -1, "half"],
    [full, 1, "full"],
    [head, -1, "peek"],
  ])("at %d px with a flick of %d px/ms goes on", (height, speed, stop) =>
    expect(settle(height, speed, viewport, head)).toBe(stop),
  );
});

test("a tap goes up, and from the top down", () => {
  expect([nextStop("peek"), nextStop("half"), nextStop("full")]).toEqual(["half", "full", "peek"]);
});
