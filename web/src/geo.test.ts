import { describe, expect, test } from "vitest";
import {
  boundsOf,
  contains,
  distance,
  formatBytes,
  formatClock,
  formatDistance,
  formatDuration,
  formatPoint,
  fromDegrees,
  isValid,
  parsePointKey,
  pointKey,
  splitRect,
  trackLength,
} from "./geo";

const trail = { lat: 409146138, lng: -746188906 };

describe("points", () => {
  test("come from degrees, clamped and wrapped", () => {
    expect(fromDegrees(40.9146138, -74.6188906)).toEqual(trail);
    expect(fromDegrees(91, 190)).toEqual({ lat: 900_000_000, lng: -1_700_000_000 });
    expect(fromDegrees(0, -540)).toEqual({ lat: 0, lng: -1_800_000_000 });
    expect(fromDegrees(0, 180)).toEqual({ lat: 0, lng: 1_800_000_000 });
  });

  test("go into a key and back", () => {
    expect(parsePointKey(pointKey(trail))).toEqual(trail);
  });

  test.each(["", "1", "1,2,3", "1.5,2", "x,y", "900000001,0", "0,-1800000001"])("%j is no key", (text) => {
    expect(parsePointKey(text)).toBeNull();
  });

  test("are valid inside the ranges only", () => {
    expect(isValid(trail)).toBe(true);
    expect(isValid({ lat: 0.5, lng: 0 })).toBe(false);
    expect(isValid({ lat: 900_000_001, lng: 0 })).toBe(false);
  });

  test("print every digit", () => {
    expect(formatPoint(trail)).toBe("40.9146138, -74.6188906");
    expect(formatPoint({ lat: -1, lng: 0 })).toBe("-0.0000001, 0.0000000");
  });
});

describe("lengths", () => {
  test("one degree of latitude is 1/360 of the circumference", () => {
    expect(distance({ lat: 0, lng: 0 }, { lat: 10_000_000, lng: 0 })).toBeCloseTo((2 * Math.PI * 6_371_000) / 360, 6);
  });

  test("cross the antimeridian the short way", () => {
    const metres = distance({ lat: 0, lng: 1_799_000_000 }, { lat: 0, lng: -1_799_000_000 });
    expect(metres).toBeCloseTo((2 * Math.PI * 6_371_000 * 0.2) / 360, 3);
  });

  test("of antipodes are half the circumference", () => {
    expect(distance({ lat: 900_000_000, lng: 0 }, { lat: -900_000_000, lng: 0 })).toBeCloseTo(Math.PI * 6_371_000, 3);
  });

  test("add up along a track", () => {
    const b = { lat: 0, lng: 0 };
    expect(trackLength([])).toBe(0);
    expect(trackLength([trail])).toBe(0);
    expect(trackLength([trail, b, trail])).toBeCloseTo(2 * distance(trail, b), 6);
  });
});

describe("rectangles", () => {
  const pacific = { south: -10, west: 1_790_000_000, north: 10, east: -1_790_000_000 };

  test("contain their edges", () => {
    const r = { south: 0, west: 0, north: 10, east: 10 };
    expect(contains(r, { lat: 0, lng: 10 })).toBe(true);
    expect(contains(r, { lat: 11, lng: 5 })).toBe(false);
  });

  test("cross the antimeridian", () => {
    expect(contains(pacific, { lat: 0, lng: 1_800_000_000 })).toBe(true);
    expect(contains(pacific, { lat: 0, lng: 0 })).toBe(false);
    expect(splitRect(pacific)).toEqual([
      { south: -10, west: 1_790_000_000, north: 10, east: 1_800_000_000 },
      { south: -10, west: -1_800_000_000, north: 10, east: -1_790_000_000 },
    ]);
    expect(splitRect({ ...pacific, east: 1_795_000_000 })).toHaveLength(1);
  });

  test("enclose points", () => {
    expect(boundsOf([])).toBeNull();
    expect(boundsOf([trail, { lat: 0, lng: 5 }])).toEqual({ south: 0, west: trail.lng, north: trail.lat, east: 5 });
  });
});

describe("formats", () => {
  test.each([
    [0, "0 m"],
    [850.4, "850 m"],
    [999.6, "1.0 km"],
    [12_140, "12.1 km"],
    [99_960, "100 km"],
    [1_204_000, "1,204 km"],
  ])("%d metres are %s", (metres, text) => expect(formatDistance(metres)).toBe(text));

  test.each([
    [0, "0:00:00"],
    [59.9, "0:00:59"],
    [2292, "0:38:12"],
    [36_000, "10:00:00"],
  ])("%d seconds are %s", (seconds, text) => expect(formatClock(seconds)).toBe(text));

  test.each([
    [14.2, "14 ms"],
    [2100, "2.1 s"],
    [59_990, "1 min"],
    [38 * 60_000, "38 min"],
    [130 * 60_000, "2 h 10 min"],
    [120 * 60_000, "2 h"],
  ])("%d milliseconds are %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  test.each([
    [512, "512 B"],
    [1400, "1.4 kB"],
    [999_960, "1.0 MB"],
  ])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});
