import { expect, test } from "vitest";
import { clusterMaxZoom, featurePoints } from "./layers";

test("features are drawn with ids that go on", () => {
  const drawn = featurePoints(
    [
      { point: { lat: 409146138, lng: -746188906 }, name: "Trail, Jefferson, NJ" },
      { point: { lat: 0, lng: 0 }, name: "" },
    ],
    7,
  );
  expect(drawn.map((f) => [f.id, f.properties])).toEqual([
    [7, { i: 7, name: "Trail, Jefferson, NJ" }],
    [8, { i: 8, name: "" }],
  ]);
  expect(drawn[0]?.geometry.coordinates).toEqual([-74.6188906, 40.9146138]);
});

test("the more features, the longer they stay in clusters", () => {
  expect(clusterMaxZoom(100)).toBeLessThan(clusterMaxZoom(1000));
  expect(clusterMaxZoom(1000)).toBeLessThan(clusterMaxZoom(50_000));
});
