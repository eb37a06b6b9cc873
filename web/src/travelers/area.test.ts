import { expect, test } from "vitest";
import { margin, stillGood } from "./area";

const view = { south: 0, west: 0, north: 1000, east: 2000 };

test("half of a view is added at each side", () => {
  expect(margin(view)).toEqual({ south: -500, west: -1000, north: 1500, east: 3000 });
});

test("what is beyond the antimeridian is on the other side, and there is nothing beyond the poles", () => {
  expect(margin({ south: 899_999_000, west: 1_799_999_000, north: 900_000_000, east: -1_799_999_000 })).toEqual({
    south: 899_998_500,
    west: 1_799_998_000,
    north: 900_000_000,
    east: -1_799_998_000,
  });
  expect(margin({ ...view, west: -1_000_000_000, east: 1_000_000_000 })).toMatchObject({
    west: -1_800_000_000,
    east: 1_800_000_000,
  });
});

test("an area serves while the view stays in it", () => {
  const area = margin(view);
  expect(stillGood(area, view)).toBe(true);
  expect(stillGood(area, { ...view, west: -1000, east: 1000 })).toBe(true);
  expect(stillGood(area, { ...view, west: -1001, east: 999 })).toBe(false);
  expect(stillGood(area, { ...view, north: 1501 })).toBe(false);
});

test("an area serves no view that is much smaller", () => {
  expect(stillGood(margin(view), { south: 0, west: 0, north: 100, east: 200 })).toBe(false);
});

test("areas across the antimeridian serve views on both sides of it", () => {
  const area = { south: -10, west: 1_799_999_000, north: 10, east: -1_799_999_000 };
  expect(stillGood(area, { south: 0, west: 1_799_999_100, north: 1, east: 1_799_999_900 })).toBe(true);
  expect(stillGood(area, { south: 0, west: -1_799_999_900, north: 1, east: -1_799_999_100 })).toBe(true);
  expect(stillGood(area, { south: 0, west: -1_799_999_900, north: 1, east: -1_799_998_900 })).toBe(false);
});
