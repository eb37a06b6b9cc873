import { expect, test } from "vitest";
import { clusterMaxZoom, featurePoints, line } from "./overlay";

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

test("features are drawn with the first part of their name and ids that go on", () => {
  const drawn = featurePoints(
    [
      { point: { lat: 409146138, lng: -746188906 }, name: "Trail, Jefferson, NJ" },
      { point: { lat: 0, lng: 0 }, name: "" },
    ],
    7,
  );
  expect(drawn.map((f) => [f.id, f.properties])).toEqual([
    [7, { i: 7, name: "Trail" }],
    [8, { i: 8, name: "" }],
  ]);
  expect(drawn[0]?.geometry.coordinates).toEqual([-74.6188906, 40.9146138]);
});

test("the more features, the longer they stay in clusters", () => {
  expect(clusterMaxZoom(100)).toBeLessThan(clusterMaxZoom(1000));
  expect(clusterMaxZoom(1000)).toBeLessThan(clusterMaxZoom(50_000));
});
