import { expect, test } from "vitest";
import { fromDegrees } from "../geo";
import { arrange } from "./arrange";
import type { NotePlace } from "./nearby";

function at(latitude: number, longitude: number, message = "hello"): NotePlace {
  const point = fromDegrees(latitude, longitude);
  const newest = { id: message, point, message, traveler: "Ada", time: 0 };
  return { point, newest, notes: [newest] };
}

const seen = (places: NotePlace[], zoom: number) =>
  arrange(places, zoom).map((g) => `${g.place.newest.message}×${g.places}${g.said ? "" : " silent"}`);

test("places side by side are one, called by the newest, until one looks closely", () => {
  const places = [at(40, -74, "newest"), at(40.001, -74, "older"), at(41, -74, "far")];
  expect(seen(places, 8)).toEqual(["newest×2", "far×1"]);
  expect(seen(places, 16)).toEqual(["newest×1", "older×1", "far×1"]);
});

test("two places at one corner are not one from the closest zooms on", () => {
  expect(seen([at(40, -74, "a"), at(40.00001, -74, "b")], 17)).toEqual(["a×1", "b×1 silent"]);
});

test("of two bubbles that would cover each other the newer one is there", () => {
  // 0.1 degrees are 73 pixels at zoom 9.
  const places = [at(40, -74, "a long note that fills its bubble"), at(40, -73.9, "b"), at(40.2, -74, "c")];
  expect(seen(places, 9)).toEqual(["a long note that fills its bubble×1", "b×1 silent", "c×1"]);
});

test("a thousand places are grouped without a wait, with a bounded number of bubbles", () => {
  const places = Array.from({ length: 1000 }, (_, i) => at((i % 40) * 2 - 40, Math.floor(i / 40) * 10 - 125, `n${i}`));
  const groups = arrange(places, 6);
  expect(groups.reduce((n, g) => n + g.places, 0)).toBe(1000);
  expect(groups.filter((g) => g.said)).toHaveLength(48);
});

test("moving sideways regroups nothing", () => {
  const places = Array.from({ length: 200 }, (_, i) => at(40 + (i % 14) / 50, -74 + i / 300, `n${i}`));
  const moved = places.map((p) => at(p.point.lat / 1e7, p.point.lng / 1e7 + 20, p.newest.message));
  expect(seen(moved, 10).length).toBeGreaterThan(10);
});
