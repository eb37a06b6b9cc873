// The layers that lie over the basemap, and the GeoJSON that they are drawn from: features, routes, travelers, notes, selection.
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from "maplibre-gl";
import { noteLayers } from "../chat/layers";
import { crowdSource, featureLayers, featureSource, kindLayers } from "../features/layers";
import { type Point, toLngLat } from "../geo";
import { routeLayers } from "../routes/layers";
import { personLayers, trailLayers } from "../travelers/layers";
import type { Shade } from "./basemap";
import { type Drawable, lineFeature } from "./lines";

export const palette = {
  light: {
    feature: "#e8590c",
    route: "#4263eb",
    start: "#4dabf7",
    end: "#7048e8",
    note: "#0c8599",
    rim: "#ffffff",
    text: "#8a3205",
    ink: "#1a2230",
    halo: "#fbfaf6",
  },
  dark: {
    feature: "#ff7b33",
    route: "#748ffc",
    start: "#74c0fc",
    end: "#9775fa",
    note: "#22b8cf",
    rim: "#10171f",
    text: "#ffb48a",
    ink: "#e6eaf0",
    halo: "#141d27",
  },
};

export type Overlay =
  | "selection"
  | "hover"
  | "track"
  | "unsent"
  | "preview"
  | "stops"
  | "notes"
  | "trails"
  | "travelers"
  | "routes"
  | "replayed"
  | "past";
export interface Collection {
  readonly type: "FeatureCollection";
  readonly features: Drawable[];
}

export const empty: Collection = { type: "FeatureCollection", features: [] };

export function overlaySources(): Record<Overlay | "features" | "crowd", SourceSpecification> {
  const source = (options = {}): SourceSpecification => ({ type: "geojson", data: empty, tolerance: 0.2, ...options });
  return {
    features: featureSource(),
    crowd: crowdSource(),
    selection: source(),
    hover: source(),
    track: source({ lineMetrics: true }),
    unsent: source(),
    preview: source(),
    stops: source(),
    notes: source(),
    trails: source(),
    travelers: source(),
    routes: source(),
    replayed: source(),
    past: source(),
  };
}

export function points(
  list: readonly Point[],
  properties: (index: number) => GeoJSON.GeoJsonProperties = () => ({}),
): Collection {
  return collect(
    list.map((p, i) => ({
      type: "Feature",
      properties: properties(i),
      geometry: { type: "Point", coordinates: toLngLat(p) },
    })),
  );
}

/** One line through the points; none through fewer than two. */
export function line(list: readonly Point[]): Collection {
  const drawable = lineFeature(list, {});
  return drawable ? collect([drawable]) : empty;
}

function collect(features: Collection["features"]): Collection {
  return { type: "FeatureCollection", features };
}

const byZoom = (...stops: [number, number][]): ExpressionSpecification => [
  "interpolate",
  ["linear"],
  ["zoom"],
  ...stops.flat(),
];

/** Lines, which lie under the names of the basemap. */
export function lineLayers(shade: Shade): LayerSpecification[] {
  const c = palette[shade];
  const round = { "line-cap": "round", "line-join": "round" } as const;
  return [
    ...routeLayers(c.rim),
    ...trailLayers(c.rim),
    {
      id: "preview",
      type: "line",
      source: "preview",
      layout: round,
      paint: { "line-color": c.route, "line-width": 2, "line-dasharray": [0.5, 2.5], "line-opacity": 0.9 },
    },
    {
      id: "track-rim",
      type: "line",
      source: "track",
      layout: round,
      paint: { "line-color": c.rim, "line-width": 7, "line-opacity": 0.7 },
    },
    {
      id: "track",
      type: "line",
      source: "track",
      layout: round,
      paint: {
        "line-width": 4,
        // From where it began to where it is.
        "line-gradient": ["interpolate", ["linear"], ["line-progress"], 0, c.start, 0.6, c.route, 1, c.end],
      },
    },
    {
      id: "unsent",
      type: "line",
      source: "unsent",
      layout: round,
      paint: { "line-color": c.route, "line-width": 4, "line-opacity": 0.4 },
    },
  ];
}

/** What lies over the basemap. */
export function overlayLayers(shade: Shade): LayerSpecification[] {
  const c = palette[shade];
  const tone: ExpressionSpecification = ["match", ["get", "tone"], "note", c.note, c.feature];
  return [
    ...noteLayers(c.note, c.rim),
    ...featureLayers({ ...c, count: shade === "light" ? "#ffffff" : "#241106" }),
    {
      id: "hover",
      type: "circle",
      source: "hover",
      paint: {
        "circle-radius": byZoom([5, 10], [13, 16]),
        "circle-color": c.feature,
        "circle-opacity": 0.25,
        "circle-stroke-color": c.feature,
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "stops",
      type: "circle",
      source: "stops",
      paint: { "circle-radius": 9, "circle-color": c.route, "circle-stroke-color": c.rim, "circle-stroke-width": 2 },
    },
    {
      id: "stop-number",
      type: "symbol",
      source: "stops",
      layout: {
        "text-field": ["get", "number"],
        "text-font": ["Map Bold"],
        "text-size": 11,
        "text-allow-overlap": true,
      },
      paint: { "text-color": shade === "light" ? "#ffffff" : "#0c1226" },
    },
    {
      // A place with an icon covers the dot.
      id: "selection-ring",
      type: "circle",
      source: "selection",
      paint: {
        "circle-radius": byZoom([5, 12], [13, 18]),
        "circle-color": tone,
        "circle-opacity": 0.2,
        "circle-stroke-color": tone,
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "selection",
      type: "circle",
      source: "selection",
      paint: {
        "circle-radius": 8,
        "circle-color": tone,
        "circle-stroke-color": c.rim,
        "circle-stroke-width": 2.5,
      },
    },
    ...kindLayers(),
    ...personLayers("travelers", c.ink, c.halo),
    ...personLayers("replayed", c.ink, c.halo),
    ...personLayers("past", c.ink, c.halo),
  ];
}
