// Points and lines as GeoJSON.
import { type Point, toLngLat } from "../geo";

export type Drawable = GeoJSON.Feature<GeoJSON.Point | GeoJSON.LineString>;

export function pointFeature(point: Point, properties: GeoJSON.GeoJsonProperties): Drawable {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: toLngLat(point) } };
}

/** One line through the points, across the antimeridian the short way; null for fewer than two. */
export function lineFeature(list: readonly Point[], properties: GeoJSON.GeoJsonProperties): Drawable | null {
  if (list.length < 2) return null;
  let turn = 0;
  const coordinates = list.map((p, i) => {
    const before = list[i - 1];
    if (before && Math.abs(p.lng - before.lng) > 1_800_000_000) turn += p.lng > before.lng ? -360 : 360;
    return [p.lng / 1e7 + turn, p.lat / 1e7];
  });
  return { type: "Feature", properties, geometry: { type: "LineString", coordinates } };
}
