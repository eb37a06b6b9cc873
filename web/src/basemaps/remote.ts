import type { StyleSpecification } from "maplibre-gl";
import type { Shade } from "../map/basemap";
import { type Base, baseOf } from "./base";
import type { Offer } from "./offers";
import { pictures } from "./pictures";

/** A style of another server. Rejects when it is not there, or is none. */
export async function styleBase(offer: Offer): Promise<Base> {
  const answer = await fetch(offer.url);
  if (!answer.ok) throw new Error(`${offer.url}: ${answer.status}`);
  const style: Partial<StyleSpecification> = await answer.json();
  if (style.version !== 8 || !style.sources || !Array.isArray(style.layers))
    throw new Error(`${offer.url} is no style`);
  const { sources, layers, glyphs, sprite } = style;
  return baseOf(offer.name, { sources, layers, glyphs, sprite });
}

/** Tiles of another server. Where nobody said whose they are, its name says where they are from. */
export function tilesBase(offer: Offer, shade: Shade): Base {
  const attribution = offer.attribution || new URL(offer.url).hostname;
  return pictures({ ...offer, attribution }, shade, { tiles: [offer.url] });
}
