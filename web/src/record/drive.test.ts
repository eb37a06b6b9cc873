import { describe, expect, test } from "vitest";
import { distance, type Point, samePoint, trackLength } from "../geo";
import type { Place } from "../state";
import { nearestOrder, planDrive, pointsBetween, wayOf } from "./drive";

const stop = (lat: number, lng: number, name = `${lat},${lng}`): Place => ({ point: { lat, lng }, name });
const newYork = stop(406_892_000, -740_445_000, "Liberty Island");
const philadelphia = stop(399_496_000, -751_503_000, "Liberty Bell");
const boston = stop(423_601_000, -710_589_000, "Boston Common");

/** All that is noted down on a drive that is looked at so often, a place every `step` seconds. */
function look(stops: Place[], kmh: number, every: number, step = every): Place[] {
  const drive = planDrive(stops, kmh);
  const seen: Place[] = [];
  for (let after = -1, until = 0; after < drive.duration; after = until, until += every) {
    seen.push(...pointsBetween(drive, after, until, step));
  }
  return seen;
}

describe("a drive", () => {
  test("takes as long as its length and speed say", () => {
    const drive = planDrive([newYork, philadelphia], 90);
    expect(drive.length).toBeCloseTo(distance(newYork.point, philadelphia.point), 6);
    expect(drive.duration).toBeCloseTo(drive.length / 25, 6);
    expect(drive.times).toEqual([0, drive.duration]);
  });

  test.each([0.1, 1, 7, 59.9, 100_000])(
    "passes each stop once, exactly and in order, when looked at every %f s",
    (every) => {
      const stops = [philadelphia, newYork, boston, newYork];
      const seen = look(stops, 3000, every);
      expect(seen.filter((p) => p.name !== "")).toEqual(stops);
    },
  );

  test.each([0.3, 59.9, 61, 240, 100_000])("has the same points when looked at every %f s", (every) => {
    const stops = [philadelphia, newYork, boston, newYork];
    const seen = look(stops, 3000, every, 60);
    expect(seen).toEqual(look(stops, 3000, 60));
    expect(seen.length).toBeGreaterThan(planDrive(stops, 3000).duration / 60);
  });

  test("stays on the way between the stops and never goes back", () => {
    const seen = look([newYork, boston], 120, 60).map((p) => p.point);
    expect(seen.length).toBeGreaterThan(100);
    const toBoston = seen.map((p) => distance(p, boston.point));
    expect(toBoston).toEqual([...toBoston].sort((a, b) => b - a));
    // Points between the stops lie on the great circle, so the parts add up to the whole but for rounding to E7.
    expect(trackLength(seen)).toBeCloseTo(distance(newYork.point, boston.point), 0);
  });

  test("moves at its speed", () => {
    const drive = planDrive([newYork, boston], 72);
    const [a] = pointsBetween(drive, 99, 100, 10);
    const [b] = pointsBetween(drive, 100, 110, 10);
    expect(distance((a as Place).point, (b as Place).point)).toBeCloseTo(200, 0);
  });

  test("goes the short way across the antimeridian", () => {
    const seen = look([stop(0, 1_799_000_000), stop(0, -1_799_000_000)], 100, 30);
    expect(seen.every((p) => Math.abs(p.point.lng) >= 1_799_000_000)).toBe(true);
  });

  test("of one stop is over at once, and of none there is nothing", () => {
    expect(look([newYork], 50, 1)).toEqual([newYork]);
    expect(pointsBetween(planDrive([], 50), -1, 10, 1)).toEqual([]);
  });

  test("counts a stop that is named twice in a row twice", () => {
    expect(look([newYork, newYork, boston], 5000, 10).filter((p) => p.name !== "")).toEqual([newYork, newYork, boston]);
  });
});

test("the way of a drive begins and ends at its stops and has no long steps", () => {
  const way = wayOf([philadelphia, newYork, boston], 10_000);
  expect(way[0]).toEqual(philadelphia.point);
  expect(way.at(-1)).toEqual(boston.point);
  expect(way.some((p: Point) => samePoint(p, newYork.point))).toBe(true);
  for (let i = 1; i < way.length; i++) expect(distance(way[i - 1] as Point, way[i] as Point)).toBeLessThan(10_001);
});

test("the nearest order goes to the nearest next", () => {
  expect(nearestOrder([boston, philadelphia, newYork])).toEqual([boston, newYork, philadelphia]);
  expect(nearestOrder([])).toEqual([]);
});
