import type { LayerSpecification } from "maplibre-gl";
import { expect, test } from "vitest";
import { basemapLayers } from "../map/basemap";
import { overlayLayers, overlaySources } from "../map/overlay";
import { baseOf, firstName } from "./base";

test("somebody else's sources and layers never have the names of ours", () => {
  const ours = [...Object.keys(overlaySources()), ...overlayLayers("light").map(({ id }) => id)];
  const source = { type: "vector", url: "https://example.org/tiles.json" } as const;
  const layers = ours.map((id): LayerSpecification => ({ id, type: "line", source: "features", "source-layer": id }));
  const base = baseOf("theirs", { sources: { features: source }, layers });
  const names = [...Object.keys(base.sources), ...base.layers.map(({ id }) => id)];
  expect(names.filter((name) => ours.includes(name))).toEqual([]);
  expect(base.layers[0]).toMatchObject({ source: Object.keys(base.sources)[0], "source-layer": ours[0] });
});

test("the names begin where nothing else comes after", () => {
  const builtIn = basemapLayers("light");
  expect(builtIn[firstName(builtIn)]?.id).toBe("sea-name");
  const kinds = ["background", "symbol", "line", "symbol", "circle", "symbol"] as const;
  expect(firstName(kinds.map((type) => ({ id: type, type }) as LayerSpecification))).toBe(3);
  expect(firstName([{ id: "sky", type: "background" }])).toBe(1);
});
