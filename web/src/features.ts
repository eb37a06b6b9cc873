// The features in view: streaming them while the map moves, and choosing which of them are listed.
import { type ReadonlySignal, signal } from "@preact/signals";
import { distance, fromDegrees, type Point, type Rect, samePoint } from "./geo";
import type { Camera, Place } from "./state";

/** A feature as the page keeps it: a place whose name is the server's, "" where it has none. */
export type Feature = Place;

export type Listing =
  /** Nothing has been asked yet. */
  | { readonly kind: "waiting"; readonly features: readonly Feature[] }
  /** `received` counts the stream. `features` are those of before, or what a long stream has brought so far. */
  | { readonly kind: "streaming"; readonly features: readonly Feature[]; readonly received: number }
  | { readonly kind: "ready"; readonly features: readonly Feature[] }
  | { readonly kind: "failed"; readonly features: readonly Feature[]; readonly reason: string };

export type ListFeatures = (rect: Rect, onBatch: (batch: Feature[]) => void, signal: AbortSignal) => Promise<void>;

/** Milliseconds: how long the map must rest before the server is asked. */
const REST = 140;
/** Milliseconds: a stream that runs for longer is shown as it comes. */
const PATIENCE = 250;

/** Keeps `listing` at what the newest rectangle holds; an earlier call that still runs is cancelled. */
export class FeatureFinder {
  readonly #list: ListFeatures;
  readonly #listing = signal<Listing>({ kind: "waiting", features: [] });
  #rect: Rect | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | null = null;

  constructor(list: ListFeatures) {
    this.#list = list;
  }

  get listing(): ReadonlySignal<Listing> {
    return this.#listing;
  }

  /** Asks for another rectangle once the map has rested, for the first one at once. */
  look(rect: Rect): void {
    const first = this.#rect === null;
    if (this.#rect && sameRect(this.#rect, rect)) return;
    this.#rect = rect;
    clearTimeout(this.#rest);
    if (first) this.again();
    else this.#rest = setTimeout(() => this.again(), REST);
  }

  /** Asks for the last rectangle again, now. */
  again(): void {
    clearTimeout(this.#rest);
    this.#running?.abort();
    if (this.#rect) void this.#run(this.#rect);
  }

  async #run(rect: Rect): Promise<void> {
    const control = new AbortController();
    this.#running = control;
    const began = performance.now();
    const found: Feature[] = [];
    let features = this.#listing.value.features;
    let shown = 0;
    this.#listing.value = { kind: "streaming", features, received: 0 };
    try {
      await this.#list(
        rect,
        (batch) => {
          if (control.signal.aborted) return;
          for (const feature of batch) found.push(feature);
          // Showing costs as much as there is to show, so it is done again when there is twice as much.
          if (performance.now() - began > PATIENCE && found.length >= 2 * shown) {
            features = found.slice();
            shown = found.length;
          }
          this.#listing.value = { kind: "streaming", features, received: found.length };
        },
        control.signal,
      );
      if (!control.signal.aborted) this.#listing.value = { kind: "ready", features: found };
    } catch (failure) {
      if (control.signal.aborted) return;
      const reason = failure instanceof Error ? failure.message : String(failure);
      this.#listing.value = { kind: "failed", features, reason };
    }
  }
}

function sameRect(a: Rect, b: Rect): boolean {
  return a.south === b.south && a.west === b.west && a.north === b.north && a.east === b.east;
}

/** The features that somebody wants to see: each word of the filter is in the name, whatever its case and accents. */
export function filterFeatures(features: readonly Feature[], filter: string, unnamed: boolean): readonly Feature[] {
  const words = fold(filter).split(/\s+/).filter(Boolean);
  if (words.length > 0) {
    return features.filter((f) => {
      const name = fold(f.name);
      return words.every((word) => name.includes(word));
    });
  }
  return unnamed ? features : features.filter((f) => f.name !== "");
}

/** Most names are ASCII, and there may be a million of them. */
function fold(text: string): string {
  const lower = text.toLowerCase();
  return /^[ -~]*$/.test(lower) ? lower : lower.normalize("NFD").replace(/\p{M}/gu, "");
}

/** More than that are listed in the server's order: sorting them would hold up every move of the map. */
const SORTED_AT_MOST = 50_000;

/** The nearest to the map's centre first; equally near ones in the server's order. */
export function sortByDistance(features: readonly Feature[], camera: Camera): readonly Feature[] {
  if (features.length > SORTED_AT_MOST) return features;
  const center = fromDegrees(camera.latitude, camera.longitude);
  return features
    .map((feature) => ({ feature, metres: distance(center, feature.point) }))
    .sort((a, b) => a.metres - b.metres)
    .map((row) => row.feature);
}

/** A name's first part, and what follows its first comma: for the classic features the street, and the town. */
export function splitName(name: string): [title: string, detail: string] {
  const comma = name.indexOf(",");
  return comma < 0 ? [name, ""] : [name.slice(0, comma), name.slice(comma + 1).trim()];
}

export function countUnnamed(features: readonly Feature[]): number {
  return features.reduce((n, f) => (f.name === "" ? n + 1 : n), 0);
}

export function indexOfPoint(features: readonly Feature[], point: Point | null): number {
  return point ? features.findIndex((f) => samePoint(f.point, point)) : -1;
}
