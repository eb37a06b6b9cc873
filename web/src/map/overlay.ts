// The layers that lie over the basemap, and the GeoJSON that they are drawn from: features, routes, travelers, notes, selection.
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from "maplibre-gl";
import { noteLayers } from "../chat/layers";
import type { Feature } from "../features/features";
import { type Point, toLngLat } from "../geo";
import { placePicture } from "../places/picture";
import { routeLayers } from "../routes/layers";
import { personLayers, trailLayers } from "../travelers/layers";
import type { Shade } from "./basemap";
import { type Drawable, lineFeature } from "./lines";

/** Layers whose points are features that can be hovered and chosen. */
export const featureLayers = ["feature-kind", "feature", "feature-unnamed"];
export const clusterLayer = "cluster";

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
  | "features"
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

export function overlaySources(): Record<Overlay, SourceSpecification> {
  const source = (options = {}): SourceSpecification => ({ type: "geojson", data: empty, tolerance: 0.2, ...options });
  return {
    features: source({ cluster: true, clusterRadius: 34, clusterMaxZoom: clusterMaxZoom(0) }),
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

/** The last zoom with clusters: the fewer features there are, the sooner each is drawn by itself. */
export function clusterMaxZoom(features: number): number {
  if (features <= 200) return 6;
  return features <= 2000 ? 9 : 12;
}

/** Features for a source that is told only what changes; their ids count on from `first`. */
export function featurePoints(features: readonly Feature[], first: number): Collection["features"] {
  return features.map((f, i) => ({
    type: "Feature",
    id: first + i,
    properties: {
      i: first + i,
      name: shortName(f.name),
      ...(f.category && { picture: placePicture(f.category) }),
    },
    geometry: { type: "Point", coordinates: toLngLat(f.point) },
  }));
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

/** A feature's name up to its address: the classic ones end with town and country after a comma. */
function shortName(name: string): string {
  return name.split(",", 1)[0] ?? name;
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
  const named: ExpressionSpecification = ["!=", ["get", "name"], ""];
  const tone: ExpressionSpecification = ["match", ["get", "tone"], "note", c.note, c.feature];
  return [
    ...noteLayers(c.note, c.rim),
    {
      id: clusterLayer,
      type: "circle",
      source: "features",
      filter: ["has", "point_count"],
      paint: {
        "circle-color": c.feature,
        "circle-opacity": 0.9,
        "circle-radius": ["interpolate", ["linear"], ["ln", ["get", "point_count"]], 0.7, 11, 4.6, 17, 9, 25, 14, 34],
        "circle-stroke-color": c.feature,
        "circle-stroke-opacity": 0.25,
        "circle-stroke-width": 5,
      },
    },
    {
      id: "cluster-count",
      type: "symbol",
      source: "features",
      filter: ["has", "point_count"],
      layout: {
        "text-field": ["get", "point_count_abbreviated"],
        "text-font": ["Map Bold"],
        "text-size": 12,
        "text-allow-overlap": true,
      },
      paint: { "text-color": shade === "light" ? "#ffffff" : "#241106" },
    },
    {
      id: "feature-unnamed",
      type: "circle",
      source: "features",
      filter: ["all", ["!", ["has", "point_count"]], ["!", named]],
      paint: {
        "circle-radius": byZoom([5, 2.4], [10, 4], [14, 6]),
        "circle-color": c.rim,
        "circle-stroke-color": c.feature,
        "circle-stroke-width": 1.5,
        "circle-opacity": 0.85,
      },
    },
    {
      id: "feature",
      type: "circle",
      source: "features",
      filter: ["all", ["!", ["has", "point_count"]], named],
      paint: {
        "circle-radius": byZoom([5, 3.4], [10, 5.5], [14, 8]),
        "circle-color": c.feature,
        "circle-stroke-color": c.rim,
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "feature-name",
      type: "symbol",
      source: "features",
      minzoom: 10.5,
      filter: ["all", ["!", ["has", "point_count"]], named],
      layout: {
        "text-field": ["get", "name"],
        "text-font": ["Map Medium"],
        "text-size": 12,
        "text-variable-anchor": ["left", "right", "top", "bottom"],
        "text-radial-offset": ["case", ["has", "picture"], 1.4, 0.9],
        "text-max-width": 12,
      },
      paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.6 },
    },
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
    {
      id: "feature-kind",
      type: "symbol",
      source: "features",
      filter: ["has", "picture"],
      layout: {
        "icon-image": ["get", "picture"],
        "icon-size": byZoom([5, 0.55], [10, 0.8], [13, 1]),
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
    },
    ...personLayers("travelers", c.ink, c.halo),
    ...personLayers("replayed", c.ink, c.halo),
    ...personLayers("past", c.ink, c.halo),
  ];
}
