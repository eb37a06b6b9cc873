import { expect, test } from "vitest";
import { viewportOf } from "./viewport";

const none = { top: 0, right: 0, bottom: 0, left: 0 };

test("at zoom 0 the world is 512 pixels wide and high", () => {
  const { rect } = viewportOf({ zoom: 0, latitude: 0, longitude: 0 }, 512, 512, none);
  expect(rect).toEqual({ south: -850_511_288, west: -1_800_000_000, north: 850_511_288, east: 1_800_000_000 });
});

test("the camera is in the middle of what is not covered", () => {
  const { rect } = viewportOf({ zoom: 0, latitude: 0, longitude: 0 }, 256, 128, { ...none, left: 128 });
  expect(rect.west).toBe(-1_350_000_000);
  expect(rect.east).toBe(450_000_000);
  expect(rect.north).toBe(-rect.south);
});

test("it may cross the antimeridian, and look beyond a pole", () => {
  const { rect } = viewportOf({ zoom: 2, latitude: 85, longitude: 180 }, 1024, 1024, none);
  expect([rect.west, rect.east]).toEqual([900_000_000, -900_000_000]);
  expect(rect.north).toBe(850_511_288);
});
