import { expect, test } from "vitest";
import type { Fix } from "../record/fix";
import { bearing, motionOf } from "./motion";

const at = (lat: number, seconds: number, more: Partial<Fix> = {}): Fix => ({
  point: { lat, lng: 0 },
  time: seconds * 1000,
  elevation: null,
  accuracy: null,
  speed: null,
  heading: null,
  battery: null,
  ...more,
});

test("what was measured counts", () => {
  expect(motionOf(at(0, 0), at(10_000, 1, { speed: 3, heading: 77 }))).toEqual({ speed: 3, heading: 77 });
});

test("two positions tell what was not measured", () => {
  const { speed, heading } = motionOf(at(0, 0), at(900, 1)); // 900 E7 of latitude are 10 m
  expect(speed).toBeCloseTo(10, 1);
  expect(heading).toBe(0);
});

test("who stands has no direction, and old positions tell nothing", () => {
  expect(motionOf(undefined, at(0, 0, { speed: 0.2, heading: 90 })).heading).toBeNull();
  expect(motionOf(at(0, 0), at(90_000, 61))).toEqual({ speed: null, heading: null });
});

test.each([
  [0, 10, 90],
  [-10, 0, 180],
  [0, -10, 270],
  [10, 0, 0],
])("towards %i, %i is %i°", (lat, lng, degrees) =>
  expect(bearing({ lat: 0, lng: 0 }, { lat: lat * 1e6, lng: lng * 1e6 })).toBeCloseTo(degrees, 6),
);
