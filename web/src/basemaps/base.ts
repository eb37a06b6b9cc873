// What lies under our own layers, as a value: made for a map and a shade, and put on the map by the underlay.
import type { LayerSpecification, Map as LibreMap, SourceSpecification, StyleSpecification } from "maplibre-gl";

export interface Base {
  /** Names the map. Bases with the same key differ in their colours alone. */
  readonly key: string;
  readonly sources: Record<string, SourceSpecification>;
  readonly layers: readonly LayerSpecification[];
  readonly glyphs?: string | undefined;
  readonly sprite?: StyleSpecification["sprite"];
  /** Loads the sources that begin empty, once they are on the map; what it returns stops that. */
  readonly fill?: (map: LibreMap) => () => void;
}

/** A base of somebody else's layers: our own have names too, so that these get others. */
export function baseOf(key: string, style: Omit<Base, "key" | "fill">): Base {
  return {
    key,
    sources: Object.fromEntries(Object.entries(style.sources).map(([id, source]) => [other(id), source])),
    layers: style.layers.map((layer) => ({
      ...layer,
      id: other(layer.id),
      ...("source" in layer && { source: other(layer.source) }),
    })) as LayerSpecification[],
    glyphs: style.glyphs,
    sprite: style.sprite,
  };
}

function other(name: string): string {
  return `base-${name}`;
}

/** Where the names begin that nothing but other names lies on: our lines go under them. */
export function firstName(layers: readonly LayerSpecification[]): number {
  return layers.findLastIndex(({ type }) => type !== "symbol" && type !== "circle") + 1;
}
