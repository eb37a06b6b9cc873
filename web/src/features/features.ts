// The features in view: fetching what is new when the map rests, and choosing which of them are listed.
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import {
  boundsOf,
  contains,
  distance,
  fromDegrees,
  type Point,
  type Rect,
  samePoint,
  sameRect,
  splitRect,
} from "../geo";
import type { FeatureChange, MapFeature } from "../rpc/features";
import type { Camera, Place } from "../state";
import { Area } from "./area";
import { areasOf, holds, meet, without } from "./grid";

/** A feature as the page keeps it: a place whose name is the server's, "" where it has none, and more where that is known. */
export type Feature = Place & Partial<MapFeature>;

export type Listing =
  /** Nothing has been asked yet. */
  | { readonly kind: "waiting"; readonly features: readonly Feature[] }
  /** `features` are those of before, or what a long stream has brought so far. */
  | { readonly kind: "streaming"; readonly features: readonly Feature[] }
  | { readonly kind: "ready"; readonly features: readonly Feature[] }
  | { readonly kind: "failed"; readonly features: readonly Feature[]; readonly reason: string };

export type ListFeatures = (rect: Rect, onBatch: (batch: Feature[]) => void, signal: AbortSignal) => Promise<void>;
/** Resolves with all that is known of the features of an area. */
export type DescribeFeatures = (rect: Rect, signal: AbortSignal) => Promise<readonly MapFeature[]>;

/** Milliseconds: a stream that runs for longer is shown as it comes. */
const PATIENCE = 250;
/** Features that are shown at once; drawing them must not hold up the page. */
const PART = 20_000;
/** Features that are kept for when somebody comes back to them, besides those in view. */
const MOST_KEPT = 300_000;
/** Features of an area that is read a second time, for all that is known of them. */
const MOST_DESCRIBED = 2000;
/** Areas in a view, before it is asked for again in larger ones. */
const MOST_AREAS = 24;

/**
 * Keeps `listing` at what the newest view holds. What was fetched is kept, within a bound: only what is new is asked for, and
 * `change` keeps it as the server has it. Where very many features are listed their identifiers are not known: one that was
 * made on the map and is moved or deleted there stays until the area is fetched again.
 */
export class FeatureFinder {
  readonly #list: ListFeatures;
  readonly #describe: DescribeFeatures;
  readonly #listing = signal<Listing>({ kind: "waiting", features: [] });
  readonly #parts = signal<readonly (readonly Feature[])[]>([]);
  /** Those seen last come last. */
  #areas: Area[] = [];
  /** What areas held that are being fetched again. */
  #leaving: (readonly Feature[])[] = [];
  #view: Rect | null = null;
  #began = 0;
  #listed = 0;
  #failure: string | null = null;

  constructor(list: ListFeatures, describe: DescribeFeatures) {
    this.#list = list;
    this.#describe = describe;
  }

  get listing(): ReadonlySignal<Listing> {
    return this.#listing;
  }

  /** All that is kept, in view or not. An array in it never changes, so whoever has drawn it need not do so again. */
  get parts(): ReadonlySignal<readonly (readonly Feature[])[]> {
    return this.#parts;
  }

  /** The kept feature at exactly this point. */
  at(point: Point): Feature | null {
    void this.#parts.value;
    for (const area of this.#areas) {
      const found = area.at(point);
      if (found) return found;
    }
    return null;
  }

  /** The kept feature with this identifier, where that is known. */
  find(id: string): Feature | null {
    for (const area of this.#areas) for (const part of area.parts) for (const f of part) if (f.id === id) return f;
    return null;
  }

  /** Asks for what is not known of a view; a call for what is no longer in view is cancelled. */
  look(view: Rect): void {
    if (this.#view && sameRect(this.#view, view)) return;
    this.#view = view;
    const wanted = areasOf(view);
    for (const area of this.#areas) {
      if (!area.whole && !wanted.some((w) => meet(w, area.rect))) this.#forget(area);
    }
    if (this.#inView().length > MOST_AREAS) {
      for (const area of this.#areas.filter((a) => wanted.some((w) => holds(w, a.rect)))) this.#forget(area);
    }
    this.#fetchMissing();
  }

  /** Asks for all of the view again, now. */
  again(): void {
    for (const area of this.#areas) this.#forget(area);
    if (this.#view) this.#fetchMissing();
  }

  /** An area with all that is kept; null while there is nothing. */
  get kept(): Rect | null {
    return boundsOf(
      this.#areas.flatMap(({ rect: { south, west, north, east } }) => [
        { lat: south, lng: west },
        { lat: north, lng: east },
      ]),
    );
  }

  /** Takes up what happened to features, in its order. */
  change(changes: readonly FeatureChange[]): void {
    const newest = new Map(changes.map(({ id, feature }) => [id, feature]));
    let changed = false;
    for (const area of this.#areas) {
      area.late?.push(...changes);
      if (area.change(newest)) changed = true;
    }
    if (changed) this.#show();
  }

  #fetchMissing(): void {
    const known = this.#areas.map((area) => area.rect);
    const view = this.#view ? splitRect(this.#view) : [];
    // The margin between the view and the grid alone is not worth a call.
    const lacks = view.some((v) => without(v, known).length > 0);
    const missing = lacks && this.#view ? areasOf(this.#view).flatMap((area) => without(area, known)) : [];
    if (missing.length > 0) this.#began = performance.now();
    this.#listed = 0;
    this.#failure = null;
    for (const rect of missing) {
      const area = new Area(rect);
      this.#areas.push(area);
      void this.#fetch(area);
    }
    this.#show();
  }

  async #fetch(area: Area): Promise<void> {
    const { signal } = area.control;
    let part: Feature[] = [];
    const take = () => {
      if (part.length > 0) area.parts.push(part);
      part = [];
    };
    try {
      await this.#list(
        area.rect,
        (features) => {
          if (signal.aborted) return;
          for (const feature of features) part.push(feature);
          const long = performance.now() - this.#began > PATIENCE;
          if (part.length < (long ? Math.min(PART, area.size) : PART)) return;
          take();
          this.#show();
        },
        signal,
      );
      if (signal.aborted) return;
      take();
      area.whole = true;
      this.#catchUp(area);
      this.#show();
      void this.#read(area);
    } catch (failure) {
      if (signal.aborted) return;
      this.#forget(area);
      this.#failure = failure instanceof Error ? failure.message : String(failure);
      this.#show();
    }
  }

  /** Reads the area once more if it has few features, this time all of each. */
  async #read(area: Area): Promise<void> {
    if (area.size > 0 && area.size <= MOST_DESCRIBED) {
      try {
        const all = await this.#describe(area.rect, area.control.signal);
        if (area.control.signal.aborted) return;
        area.fill(all);
        this.#catchUp(area);
        this.#show();
      } catch {
        // They are listed and drawn without their kinds.
      }
    }
    area.late = null;
  }

  #catchUp(area: Area): void {
    area.change(new Map(area.late?.map(({ id, feature }) => [id, feature])));
    area.late = [];
  }

  /** Lets go of an area; what it held is drawn until what is asked for has come. */
  #forget(area: Area): void {
    area.control.abort();
    this.#areas = this.#areas.filter((a) => a !== area);
    if (area.whole) this.#leaving.push(...area.parts);
  }

  #inView(): Area[] {
    const view = this.#view ? splitRect(this.#view) : [];
    return this.#areas.filter((area) => view.some((v) => meet(v, area.rect)));
  }

  #show(): void {
    const seen = this.#inView();
    const streaming = seen.some((area) => !area.whole);
    const reason = this.#failure;
    if (!streaming && reason === null) {
      this.#leaving = [];
      this.#bound(seen);
    }
    const received = seen.reduce((n, area) => n + area.size, 0);
    // Listing costs as much as there is to list, so it is done again when there is twice as much.
    const much = performance.now() - this.#began > PATIENCE && received > 0 && received >= 2 * this.#listed;
    if (streaming && much) this.#listed = received;
    const changed = streaming ? much : reason === null;
    const features = changed ? this.#within(seen) : this.#listing.peek().features;
    batch(() => {
      this.#parts.value = [...this.#areas.flatMap((area) => area.parts), ...this.#leaving];
      if (streaming) this.#listing.value = { kind: "streaming", features };
      else this.#listing.value = reason === null ? { kind: "ready", features } : { kind: "failed", features, reason };
    });
  }

  /** What the areas have in the view. */
  #within(areas: readonly Area[]): Feature[] {
    const view = this.#view;
    if (!view) return [];
    const whole = splitRect(view);
    return areas.flatMap((area) => {
      const features = area.parts.flat();
      return whole.some((v) => holds(v, area.rect)) ? features : features.filter((f) => contains(view, f.point));
    });
  }

  /** Those in view are the newest; of the others, those that were seen long ago go first. */
  #bound(seen: readonly Area[]): void {
    const unseen = this.#areas.filter((area) => !seen.includes(area));
    let kept = 0;
    const newest = unseen.toReversed().filter((area) => {
      kept += area.size;
      return kept <= MOST_KEPT;
    });
    this.#areas = [...newest.reverse(), ...seen];
  }
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

/** A text as it is compared: in lower case, without accents. Most names are ASCII, and there may be a million of them. */
export function fold(text: string): string {
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
