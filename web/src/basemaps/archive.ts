// Maps of PMTiles files. The libraries that read and style them come with this file, which is loaded when it is needed.
import { addProtocol } from "maplibre-gl";
import { PMTiles, Protocol } from "pmtiles";
import type { Shade } from "../map/basemap";
import { type Base, baseOf } from "./base";
import type { Offer } from "./offers";
import { pictures } from "./pictures";
import { protomapsLayers } from "./protomaps";

const protocol = new Protocol();
addProtocol("pmtiles", protocol.tile);

/** Rejects when the file cannot be read. */
export async function archiveBase(offer: Offer, shade: Shade): Promise<Base> {
  const file = new PMTiles(new URL(offer.url, location.href).href);
  if (!protocol.get(file.source.getKey())) {
    await file.getHeader();
    protocol.add(file);
  }
  const url = `pmtiles://${file.source.getKey()}`;
  if (offer.kind === "picture") return pictures(offer, shade, { url });
  return baseOf(offer.name, {
    sources: { map: { type: "vector", url, attribution: offer.attribution || "© OpenStreetMap" } },
    layers: protomapsLayers("map", shade, document.documentElement.lang),
  });
}
