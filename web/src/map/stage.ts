// What the parts of a map have in common.
import type { Map as LibreMap } from "maplibre-gl";

export type Handler<T> = (value: T) => void;

/** Those who want to be told of something. */
export class Listeners<T> {
  readonly #handlers = new Set<Handler<T>>();

  /** Tells this one from now on, until what is returned is called. */
  add(handler: Handler<T>): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  tell(value: T): void {
    for (const handler of this.#handlers) handler(value);
  }
}

/** The map that all parts draw on. They may be told what to show before it is there, and show it then. */
export class Stage {
  /** null until it is made. */
  map: LibreMap | null = null;
  /** null until sources and layers are there. */
  drawn: LibreMap | null = null;
}

/** MapLibre moves the outer element; the inner one is free to be animated. */
export function element(className: string): HTMLElement {
  const outer = document.createElement("div");
  outer.className = className;
  outer.append(document.createElement("i"));
  return outer;
}
