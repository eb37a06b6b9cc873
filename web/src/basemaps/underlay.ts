import type { Map as LibreMap } from "maplibre-gl";
import { type Base, firstName } from "./base";

/**
 * The part of a map's style that can be exchanged. Our own sources and layers are not touched by it: they keep what they
 * show. The base lies under them, its names between our lines and what else is ours.
 */
export class Underlay {
  readonly #map: LibreMap;
  readonly #lines: string | undefined;
  readonly #rest: string | undefined;
  #base: Base | null = null;
  #stop: (() => void) | undefined;

  /** `lines` and `rest` are the lowest of our layers that lie under the names, and over them. */
  constructor(map: LibreMap, lines: string | undefined, rest: string | undefined) {
    this.#map = map;
    this.#lines = lines;
    this.#rest = rest;
  }

  show(next: Base): void {
    if (next.key === this.#base?.key) this.#repaint(next);
    else this.#exchange(next);
    this.#base = next;
  }

  #repaint(next: Base): void {
    for (const layer of next.layers) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) {
        this.#map.setPaintProperty(layer.id, name as Parameters<LibreMap["setPaintProperty"]>[1], value);
      }
    }
  }

  #exchange(next: Base): void {
    const map = this.#map;
    this.#stop?.();
    for (const { id } of this.#base?.layers ?? []) map.removeLayer(id);
    for (const id of Object.keys(this.#base?.sources ?? {})) map.removeSource(id);
    for (const { id } of sprites(this.#base)) map.removeSprite(id);

    map.setGlyphs(next.glyphs ?? null);
    for (const { id, url } of sprites(next)) map.addSprite(id, url);
    for (const [id, source] of Object.entries(next.sources)) map.addSource(id, source);
    const names = firstName(next.layers);
    next.layers.forEach((layer, i) => {
      map.addLayer(layer, i < names ? this.#lines : this.#rest);
    });
    this.#stop = next.fill?.(map);
  }
}

function sprites(base: Base | null): { id: string; url: string }[] {
  const sprite = base?.sprite ?? [];
  return typeof sprite === "string" ? [{ id: "default", url: sprite }] : sprite;
}
