import type { LayerSpecification } from "maplibre-gl";
import { expect, test } from "vitest";
import { basemapLayers } from "./basemap";

test("a town's name stands on the town wherever it has no dot to stand beside", () => {
  const layers = basemapLayers("light");
  const layer = (id: string) => layers.find((l) => l.id === id) as LayerSpecification & { layout?: object };
  const { maxzoom } = layer("city-dot");
  expect(layer("city-name").layout).toMatchObject({
    "text-variable-anchor": ["step", ["zoom"], expect.anything(), maxzoom, ["literal", ["center"]]],
    "text-radial-offset": ["step", ["zoom"], expect.any(Number), maxzoom, 0],
  });
});
