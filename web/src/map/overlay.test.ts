import { expect, test } from "vitest";
import { line } from "./overlay";

test("a line over the antimeridian takes the short way", () => {
  const eastward = line([
    { lat: 0, lng: 1_790_000_000 },
    { lat: 0, lng: -1_790_000_000 },
    { lat: 0, lng: -1_780_000_000 },
    { lat: 0, lng: 1_799_000_000 },
  ]);
  expect(eastward.features[0]?.geometry.coordinates).toEqual([
    [179, 0],
    [181, 0],
    [182, 0],
    [179.9, 0],
  ]);
});

test("one point is no line", () => {
  expect(line([{ lat: 0, lng: 0 }]).features).toEqual([]);
});
