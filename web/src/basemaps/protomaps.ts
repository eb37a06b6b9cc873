import { DARK, type Flavor, LIGHT, layers } from "@protomaps/basemaps";
import type { LayerSpecification } from "maplibre-gl";
import type { Shade } from "../map/basemap";

const flavors: Record<Shade, Flavor> = { light: LIGHT, dark: DARK };

/** The layers of Protomaps, with names in the faces that the page has and without pictures, which it has not. */
export function protomapsLayers(source: string, shade: Shade, lang: string): LayerSpecification[] {
  const { pois: _, ...flavor } = flavors[shade];
  const faces = { regular: "Map Regular", bold: "Map Medium", italic: "Map Italic" };
  return layers(source, { ...flavor, ...faces }, { lang }).flatMap((layer): LayerSpecification[] => {
    if (layer.type !== "symbol" || !layer.layout?.["icon-image"]) return [layer];
    const { "icon-image": _icon, ...layout } = layer.layout;
    return layout["text-field"] ? [{ ...layer, layout }] : [];
  });
}
