// What the map draws of the places with notes: a dot each, and how many where several are one. Bubbles stand over them.
import type { LayerSpecification } from "maplibre-gl";
import { pointFeature } from "../map/lines";
import type { Collection } from "../map/overlay";
import type { Group } from "./arrange";

/** The layer whose points are places with notes that can be chosen. */
export const noteLayer = "notes";

export function notePoints(groups: readonly Group[]): Collection {
  return {
    type: "FeatureCollection",
    features: groups.map(({ place, places }, i) =>
      pointFeature(place.point, { i, places, ...(places > 1 && { count: String(places) }) }),
    ),
  };
}

export function noteLayers(color: string, rim: string): LayerSpecification[] {
  return [
    {
      id: noteLayer,
      type: "circle",
      source: "notes",
      paint: {
        "circle-radius": ["case", ["has", "count"], ["+", 9, ["ln", ["get", "places"]]], 5.5],
        "circle-color": color,
        "circle-stroke-color": rim,
        "circle-stroke-width": 2,
      },
    },
    {
      id: "note-count",
      type: "symbol",
      source: "notes",
      filter: ["has", "count"],
      layout: {
        "text-field": ["get", "count"],
        "text-font": ["Map Bold"],
        "text-size": 11,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": rim },
    },
  ];
}
