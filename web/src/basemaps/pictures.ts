import type { RasterSourceSpecification } from "maplibre-gl";
import type { Shade } from "../map/basemap";
import { type Base, baseOf } from "./base";
import type { Offer } from "./offers";

/** A map of pictures, dimmed where the page is dark. */
export function pictures(offer: Offer, shade: Shade, where: Pick<RasterSourceSpecification, "url" | "tiles">): Base {
  const { name, attribution } = offer;
  return baseOf(name, {
    sources: { map: { type: "raster", tileSize: 256, attribution, ...where } },
    layers: [
      {
        id: "pictures",
        type: "raster",
        source: "map",
        paint: { "raster-brightness-max": shade === "dark" ? 0.7 : 1 },
      },
    ],
  });
}
