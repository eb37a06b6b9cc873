import { expect, test } from "vitest";
import { fromDegrees } from "../geo";
import { Gazetteer, zoomOf } from "./towns";

const label = (kind: string, name: string, size: number, lat = 0, lng = 0): GeoJSON.Feature<GeoJSON.Point> => ({
  type: "Feature",
  properties: { kind, name, size },
  geometry: { type: "Point", coordinates: [lng, lat] },
});

const labels = [
  label("city", "Newton", 8_000, 41, -74.7),
  label("city", "Newton", 9_000, 42.3, -71.2),
  label("city", "New York", 8_000_000, 40.7, -74),
  label("state", "New Jersey", 2, 40, -74.5),
  label("city", "West New York", 52_000, 40.8, -74),
  label("city", "São Paulo", 10_000_000, -23.5, -46.6),
];

const gazetteer = new Gazetteer(async () => ({ type: "FeatureCollection", features: labels }));
const names = async (query: string, lat = 41, lng = -74) =>
  (await gazetteer.search(query, fromDegrees(lat, lng), 10)).map((t) => t.name);

test("a town is found by the beginnings of its words, whatever their case and accents", async () => {
  expect(await names("sao")).toEqual(["São Paulo"]);
  expect(await names("PAULO")).toEqual(["São Paulo"]);
  expect(await names("york new")).toEqual(["New York", "West New York"]);
  expect(await names("aulo")).toEqual([]);
  expect(await names(" ")).toEqual([]);
});

test("what begins so comes first, then what is large, then what is near", async () => {
  expect(await names("new")).toEqual(["New Jersey", "New York", "Newton", "Newton", "West New York"]);
  const [near] = await gazetteer.search("newton", fromDegrees(42, -71), 1);
  expect(near?.point.lat).toBe(423_000_000);
});

test("a basemap that could not be read is read again", async () => {
  let reads = 0;
  const broken = new Gazetteer(async () => {
    if (reads++ === 0) throw new Error("no");
    return { type: "FeatureCollection", features: labels };
  });
  await expect(broken.search("newton", fromDegrees(0, 0), 5)).rejects.toThrow("no");
  expect(await broken.search("newton", fromDegrees(0, 0), 5)).toHaveLength(2);
});

test("a town is seen from nearer than a country", async () => {
  const [state, city] = await gazetteer.search("new", fromDegrees(0, 0), 2);
  expect(state && city && zoomOf(state) < zoomOf(city)).toBe(true);
});
