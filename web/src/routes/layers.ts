// How routes are drawn: a line each in its colour, the one that is looked at broader.
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";

/** The layer whose lines are routes that can be chosen. */
export const routeLayer = "routes";

/** Lies under the names of the basemap. */
export function routeLayers(rim: string): LayerSpecification[] {
  const layout = {
    "line-cap": "round",
    "line-join": "round",
    // What is looked at lies over the others.
    "line-sort-key": ["case", ["get", "focused"], 1, 0] as ExpressionSpecification,
  } as const;
  const width = (plain: number): ExpressionSpecification => ["case", ["get", "focused"], plain + 1.5, plain];
  return [
    {
      id: "routes-rim",
      type: "line",
      source: "routes",
      layout,
      paint: { "line-color": rim, "line-width": width(6.5), "line-opacity": 0.8 },
    },
    {
      id: routeLayer,
      type: "line",
      source: "routes",
      layout,
      paint: { "line-color": ["get", "color"], "line-width": width(3.5) },
    },
  ];
}
