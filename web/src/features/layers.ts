// What the map draws of features. Those of a view that is listed are drawn from the list; those of a crowded one from the
// server's tiles, where near ones are one point with a count. Both look the same.
import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  SourceSpecification,
} from "maplibre-gl";
import { toLngLat } from "../geo";
import type { Drawable } from "../map/lines";
import { placePicture } from "../places/picture";
import type { Feature } from "./features";

/** The two sources. The names of their layers begin with these. */
export const LISTED = "features";
export const CROWD = "crowd";

/** Layers of a source whose points are features that can be hovered and chosen, and the one of its clusters. */
export const pointLayersOf = (source: string) => ["kind", "named", "unnamed"].map((layer) => `${source}-${layer}`);
export const clusterLayerOf = (source: string) => `${source}-cluster`;

export const crowdLayers = ["cluster", "count", "unnamed", "named", "name", "kind"].map((layer) => `${CROWD}-${layer}`);

export function featureSource(): SourceSpecification {
  return {
    type: "geojson",
    data: { type: "FeatureCollection", features: [] },
    cluster: true,
    clusterRadius: 34,
    clusterMaxZoom: clusterMaxZoom(0),
  };
}

export function crowdSource(): SourceSpecification {
  return { type: "vector", tiles: [`${globalThis.location?.origin ?? ""}/v1/tiles/{z}/{x}/{y}.mvt`], maxzoom: 18 };
}

/** The last zoom with clusters: the fewer features there are, the sooner each is drawn by itself. */
export function clusterMaxZoom(features: number): number {
  if (features <= 200) return 6;
  return features <= 2000 ? 9 : 12;
}

/** Features for a source that is told only what changes; their ids count on from `first`. */
export function featurePoints(features: readonly Feature[], first: number): Drawable[] {
  return features.map((f, i) => ({
    type: "Feature",
    id: first + i,
    properties: { i: first + i, name: f.name, ...(f.category && { category: f.category }) },
    geometry: { type: "Point", coordinates: toLngLat(f.point) },
  }));
}

const byZoom = (...stops: [number, number][]): ExpressionSpecification => [
  "interpolate",
  ["linear"],
  ["zoom"],
  ...stops.flat(),
];

export interface Colors {
  readonly feature: string;
  readonly rim: string;
  readonly text: string;
  readonly halo: string;
  /** On what has the colour of a feature. */
  readonly count: string;
}

/** A name up to its address: the classic ones end with town and country after a comma. */
const title: ExpressionSpecification = [
  "let",
  "name",
  ["coalesce", ["get", "name"], ""],
  ["slice", ["var", "name"], 0, ["case", ["in", ",", ["var", "name"]], ["index-of", ",", ["var", "name"]], 9999]],
];
const named: ExpressionSpecification = ["!=", ["coalesce", ["get", "name"], ""], ""];

/** What of a source its layers show. */
const filters = {
  several: (source: string): ExpressionSpecification => ["has", counts[source] ?? ""],
  unnamed: (source: string): ExpressionSpecification => ["all", ["!", filters.several(source)], ["!", named]],
  named: (source: string): ExpressionSpecification => ["all", ["!", filters.several(source)], named],
  name: (source: string): ExpressionSpecification => filters.named(source),
  kind: (_source: string): ExpressionSpecification => ["has", "category"],
};

/** The property of a cluster that says how many it is. */
const counts: Record<string, string> = { [LISTED]: "point_count", [CROWD]: "count" };

/** The layers of the crowd whose points are features, without those that are to be left out. */
export function crowdFilters(
  gone: ReadonlySet<string>,
): { readonly layer: string; readonly filter: FilterSpecification }[] {
  const left: ExpressionSpecification = ["!", ["in", ["get", "id"], ["literal", [...gone]]]];
  return (["unnamed", "named", "name", "kind"] as const).map((layer) => ({
    layer: `${CROWD}-${layer}`,
    filter: ["all", filters[layer](CROWD), left],
  }));
}

/** Clusters, points and names, under what is chosen. */
export function featureLayers(c: Colors): LayerSpecification[] {
  return [...layersOf(LISTED, c), ...layersOf(CROWD, c)];
}

function layersOf(source: string, c: Colors): LayerSpecification[] {
  const count: ExpressionSpecification = ["get", counts[source] ?? ""];
  // Cells of tiles are smaller than the circles that MapLibre joins.
  const radii = source === CROWD ? [0.7, 8, 4.6, 11, 9, 14, 14, 17] : [0.7, 11, 4.6, 17, 9, 25, 14, 34];
  return [
    {
      ...partOf(source, "cluster"),
      type: "circle",
      filter: filters.several(source),
      paint: {
        "circle-color": c.feature,
        "circle-opacity": 0.9,
        "circle-radius": ["interpolate", ["linear"], ["ln", count], ...radii],
        "circle-stroke-color": c.feature,
        "circle-stroke-opacity": 0.25,
        "circle-stroke-width": source === CROWD ? 2 : 5,
      },
    },
    {
      ...partOf(source, "count"),
      type: "symbol",
      filter: filters.several(source),
      layout: {
        "text-field": short(count),
        "text-font": ["Map Bold"],
        "text-size": source === CROWD ? ["step", count, 11, 1000, 10] : 12,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": c.count },
    },
    {
      ...partOf(source, "unnamed"),
      type: "circle",
      filter: filters.unnamed(source),
      paint: {
        "circle-radius": byZoom([5, 2.4], [10, 4], [14, 6]),
        "circle-color": c.rim,
        "circle-stroke-color": c.feature,
        "circle-stroke-width": 1.5,
        "circle-opacity": 0.85,
      },
    },
    {
      ...partOf(source, "named"),
      type: "circle",
      filter: filters.named(source),
      paint: {
        "circle-radius": byZoom([5, 3.4], [10, 5.5], [14, 8]),
        "circle-color": c.feature,
        "circle-stroke-color": c.rim,
        "circle-stroke-width": 1.5,
      },
    },
    {
      ...partOf(source, "name"),
      type: "symbol",
      minzoom: 10.5,
      filter: filters.named(source),
      layout: {
        "text-field": title,
        "text-font": ["Map Medium"],
        "text-size": 12,
        "text-variable-anchor": ["left", "right", "top", "bottom"],
        "text-radial-offset": ["case", ["has", "category"], 1.4, 0.9],
        "text-max-width": 12,
      },
      paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.6 },
    },
  ];
}

/** Icons, over what is chosen: they cover its dot. */
export function kindLayers(): LayerSpecification[] {
  return [LISTED, CROWD].map((source) => ({
    ...partOf(source, "kind"),
    type: "symbol",
    filter: filters.kind(source),
    layout: {
      "icon-image": placePicture,
      "icon-size": byZoom([5, 0.55], [10, 0.8], [13, 1]),
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
    },
  }));
}

function partOf(source: string, layer: string) {
  return { id: `${source}-${layer}`, source, ...(source === CROWD && { "source-layer": "features" }) };
}

/** 950, 1.2k, 12k, 3.4M. */
function short(count: ExpressionSpecification): ExpressionSpecification {
  const digits = (unit: number, decimals: number): ExpressionSpecification => [
    "number-format",
    ["/", count, unit],
    { "max-fraction-digits": decimals },
  ];
  return [
    "step",
    count,
    ["to-string", count],
    1000,
    ["concat", digits(1e3, 1), "k"],
    10_000,
    ["concat", digits(1e3, 0), "k"],
    1e6,
    ["concat", digits(1e6, 1), "M"],
  ];
}
