import { expect, test } from "vitest";
import type { Fix } from "../record/fix";
import { indexAt, nearestTo, placeAt, speedsOf } from "./timeline";

const fix = (lat: number, lng: number, seconds: number, speed: number | null = null): Fix => ({
  point: { lat, lng },
  time: seconds * 1000,
  elevation: null,
  accuracy: null,
  speed,
  heading: null,
  battery: null,
});
const track = [fix(0, 0, 0), fix(1000, 0, 10), fix(2000, 0, 10), fix(3000, 0, 1000)];

test.each([
  [-1, -1],
  [0, 0],
  [9_999, 0],
  [10_000, 2],
  [5_000_000, 3],
])("at %i ms the last point is number %i", (time, index) => expect(indexAt(track, time)).toBe(index));

test("a track is between its points in proportion, waits in a gap, and is nowhere before and after", () => {
  expect(placeAt(track, 5000)).toEqual({ lat: 500, lng: 0 });
  expect(placeAt(track, 500_000)).toEqual({ lat: 2000, lng: 0 });
  expect(placeAt(track, 1_000_000)).toEqual({ lat: 3000, lng: 0 });
  expect(placeAt(track, -1)).toBeNull();
  expect(placeAt(track, 1_000_001)).toBeNull();
});

test("speed is what was measured, else what two points tell, and nothing over a gap or no time", () => {
  const speeds = speedsOf([fix(0, 0, 0), fix(900, 0, 1), fix(0, 0, 2, 7), fix(0, 0, 2), fix(9, 0, 900)]);
  expect(speeds[0]).toBeNull();
  expect(speeds[1]).toBeCloseTo(10, 1);
  expect(speeds.slice(2)).toEqual([7, null, null]);
});

test("the nearest point is found within a reach, across the antimeridian too", () => {
  expect(nearestTo(track, { lat: 1900, lng: 5 }, 10)).toBe(2);
  expect(nearestTo(track, { lat: 900_000, lng: 0 }, 10)).toBe(-1);
  expect(nearestTo([fix(0, 1_800_000_000, 0)], { lat: 0, lng: -1_799_999_900 }, 5)).toBe(0);
});

test("far north a degree of longitude is short", () => {
  // At 60° north 200 E7 of longitude are 1.1 m, 150 of latitude 1.7 m.
  const north = [fix(600_000_150, 0, 0), fix(600_000_000, 200, 1)];
  expect(nearestTo(north, { lat: 600_000_000, lng: 0 }, 5)).toBe(1);
});
