// The look of the basemap: layers over the files that basemap/build.mjs makes, in a light and a dark palette.
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from "maplibre-gl";

export type Shade = "light" | "dark";

const attribution =
  "Natural Earth · US Census · <a href='https://www.geonames.org' target='_blank' rel='noopener'>GeoNames</a> (CC BY 4.0)";

const palettes = {
  light: {
    water: "#c3dcea",
    land: "#f6f4ee",
    town: "#e2dacb",
    border: "#a79db6",
    county: "#ddd7cc",
    coast: "#98bbcf",
    river: "#b0d3e6",
    text: "#363b43",
    dim: "#767b84",
    halo: "#fbfaf6",
    sea: "#5487a6",
  },
  dark: {
    water: "#0d1721",
    land: "#1a2430",
    town: "#2a3747",
    border: "#4a5a6e",
    county: "#26323f",
    coast: "#2c3d4e",
    river: "#132433",
    text: "#bcc7d3",
    dim: "#7d8b9b",
    halo: "#141d27",
    sea: "#4a6a88",
  },
};

const faces = [
  ["Map Regular", "latin-400-normal", "U+0000-00FF,U+2013-2026"],
  ["Map Regular", "latin-ext-400-normal", "U+0100-02BA,U+1E00-1E9F,U+1EF2-1EFF"],
  ["Map Italic", "latin-400-italic", ""],
  ["Map Medium", "latin-500-normal", ""],
  ["Map Bold", "latin-700-normal", ""],
] as const;

/** Loads the faces that the labels are drawn with, under the names that the layers call them by. No glyph server. */
export async function loadFonts(): Promise<void> {
  await Promise.all(
    faces.map(async ([name, file, range]) => {
      const face = new FontFace(name, `url(/basemap/noto-sans-${file}.woff2)`, range ? { unicodeRange: range } : {});
      document.fonts.add(await face.load());
    }),
  );
}

/** Whether the address of some glyphs is for one of these faces. */
export function isOwnFace(url: string): boolean {
  const address = decodeURI(url);
  return faces.some(([name]) => address.includes(name));
}

/** The files, in the order in which they are wanted: the land before what lies on it. */
export const stages = [["land"], ["water", "lines", "labels"]] as const;

/** Land in detail takes the place of the coarse land from this zoom on, once it is loaded: it is large. */
export const detail = { zoom: 6, source: "coast", coarse: ["land", "shore"] } as const;

export function fileOf(source: string): string {
  return `/basemap/${source}.json`;
}

/** Sources that are still empty. */
export function basemapSources(): Record<string, SourceSpecification> {
  const source: SourceSpecification = {
    type: "geojson",
    data: { type: "FeatureCollection", features: [] },
    attribution,
    tolerance: 0.2,
    maxzoom: 12,
  };
  return { land: source, [detail.source]: source, lines: source, water: source, labels: { ...source, buffer: 64 } };
}

const kind = (value: string): ExpressionSpecification => ["==", ["get", "kind"], value];
const size: ExpressionSpecification = ["get", "size"];

/** A value that grows with the zoom: pairs of zoom and value. */
function byZoom(...stops: [number, number][]): ExpressionSpecification {
  return ["interpolate", ["linear"], ["zoom"], ...stops.flat()];
}

/** How large a city must be to be named at a zoom. */
const cityFloor: ExpressionSpecification = [
  "step",
  ["zoom"],
  3e6,
  4,
  1.2e6,
  5,
  5e5,
  6,
  15e4,
  7,
  6e4,
  8,
  3e4,
  9,
  12e3,
  10,
  4000,
  11,
  0,
];

/** Towns are areas from this zoom on. */
const noDots = 11;

export function basemapLayers(shade: Shade): LayerSpecification[] {
  const c = palettes[shade];
  return [
    { id: "sea", type: "background", paint: { "background-color": c.water } },
    ...[{ id: "land" }, { id: "coast-land", minzoom: detail.zoom }].map(
      (layer): LayerSpecification => ({
        ...layer,
        type: "fill",
        source: layer.minzoom ? detail.source : "land",
        paint: { "fill-color": c.land, "fill-antialias": false },
      }),
    ),
    {
      id: "town",
      type: "circle",
      source: "labels",
      minzoom: 5,
      filter: ["all", kind("city"), [">", size, 15_000]],
      paint: {
        "circle-color": c.town,
        "circle-blur": 1,
        "circle-opacity": 0.55,
        "circle-pitch-alignment": "map",
        "circle-radius": [
          "interpolate",
          ["exponential", 2],
          ["zoom"],
          5,
          ["/", ["sqrt", size], 150],
          12,
          ["/", ["sqrt", size], 2.4],
        ],
      },
    },
    {
      id: "lake",
      type: "fill",
      source: "water",
      filter: kind("lake"),
      paint: { "fill-color": c.water, "fill-outline-color": c.coast },
    },
    {
      id: "river",
      type: "line",
      source: "water",
      minzoom: 3,
      filter: kind("river"),
      paint: {
        "line-color": c.river,
        "line-width": byZoom([3, 0.5], [9, 1.6]),
        "line-opacity": byZoom([7, 1], [9.5, 0.4]),
      },
    },
    ...[{ id: "shore" }, { id: "coast-shore", minzoom: detail.zoom }].map(
      (layer): LayerSpecification => ({
        ...layer,
        type: "line",
        source: layer.minzoom ? detail.source : "land",
        paint: { "line-color": c.coast, "line-width": byZoom([3, 0.4], [9, 1]) },
      }),
    ),
    {
      id: "county",
      type: "line",
      source: "lines",
      minzoom: 6,
      filter: kind("county"),
      paint: { "line-color": c.county, "line-width": byZoom([6, 0.4], [10, 1.6]) },
    },
    {
      id: "state",
      type: "line",
      source: "lines",
      minzoom: 3,
      filter: kind("state"),
      layout: { "line-join": "round" },
      paint: { "line-color": c.border, "line-dasharray": [4, 2], "line-width": byZoom([3, 0.5], [9, 1.4]) },
    },
    {
      id: "country",
      type: "line",
      source: "lines",
      filter: kind("country"),
      paint: { "line-color": c.border, "line-width": byZoom([1, 0.5], [9, 1.8]) },
    },
    ...labelLayers(c),
  ];
}

function labelLayers(c: (typeof palettes)["light"]): LayerSpecification[] {
  return [
    {
      id: "sea-name",
      type: "symbol",
      source: "labels",
      filter: ["all", kind("water"), ["any", ["==", size, 9], [">=", ["zoom"], 7]]],
      layout: {
        "text-field": ["get", "name"],
        "text-font": ["Map Italic"],
        "text-size": byZoom([2, 11], [9, 15]),
        "text-letter-spacing": 0.12,
        "text-max-width": 6,
      },
      paint: { "text-color": c.sea, "text-halo-color": c.water, "text-halo-width": 1 },
    },
    {
      id: "county-name",
      type: "symbol",
      source: "labels",
      minzoom: 8.2,
      filter: kind("county"),
      layout: {
        "text-field": ["upcase", ["get", "name"]],
        "text-font": ["Map Medium"],
        "text-size": 9.5,
        "text-letter-spacing": 0.12,
        "text-max-width": 7,
        "text-padding": 14,
        "symbol-sort-key": 9e9,
      },
      paint: { "text-color": c.dim, "text-halo-color": c.halo, "text-halo-width": 1, "text-opacity": 0.8 },
    },
    {
      id: "city-dot",
      type: "circle",
      source: "labels",
      minzoom: 5,
      maxzoom: noDots,
      filter: ["all", kind("city"), [">", size, cityFloor]],
      paint: {
        "circle-radius": ["step", size, 1.6, 1e5, 2.4, 1e6, 3.4],
        "circle-color": c.halo,
        "circle-stroke-color": c.dim,
        "circle-stroke-width": 1,
      },
    },
    {
      id: "city-name",
      type: "symbol",
      source: "labels",
      minzoom: 3,
      filter: ["all", kind("city"), [">", size, cityFloor]],
      layout: {
        "text-field": ["get", "name"],
        "text-font": ["Map Regular"],
        "symbol-sort-key": ["-", 0, size],
        "text-size": [
          "interpolate",
          ["linear"],
          ["zoom"],
          3,
          10.5,
          7,
          ["step", size, 10.5, 1e5, 12, 5e5, 14, 2e6, 17],
          11,
          ["step", size, 12.5, 1e5, 15, 5e5, 17, 2e6, 20],
        ],
        // Beside its dot; without one a name must stand on the town, or it would be in the river that the town is at.
        "text-variable-anchor": [
          "step",
          ["zoom"],
          ["literal", ["left", "right", "top", "bottom"]],
          noDots,
          ["literal", ["center"]],
        ],
        "text-radial-offset": ["step", ["zoom"], 0.45, noDots, 0],
        "text-justify": "auto",
        "text-padding": 4,
      },
      paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.4 },
    },
    {
      id: "state-name",
      type: "symbol",
      source: "labels",
      minzoom: 3.4,
      maxzoom: 8.8,
      filter: kind("state"),
      layout: {
        "text-field": ["upcase", ["get", "name"]],
        "text-font": ["Map Medium"],
        "text-size": byZoom([3, 9], [8, 15]),
        "text-letter-spacing": 0.18,
      },
      paint: { "text-color": c.dim, "text-halo-color": c.halo, "text-halo-width": 1.4 },
    },
    {
      id: "country-name",
      type: "symbol",
      source: "labels",
      maxzoom: 6,
      filter: ["all", kind("country"), [">", size, ["step", ["zoom"], 30, 2, 10, 3, 2, 4, 0]]],
      layout: {
        "text-field": ["get", "name"],
        "text-font": ["Map Medium"],
        "symbol-sort-key": ["-", 0, size],
        "text-size": byZoom([1, 10.5], [5, 15]),
        "text-max-width": 6,
        "text-letter-spacing": 0.04,
      },
      paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.6 },
    },
  ];
}
