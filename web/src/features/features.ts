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

/** Where the server can be asked about the features of an area. */
export interface Source {
  /** Gives them, unless there are more than `most`; resolves with how many there are. */
  list(rect: Rect, most: number, onBatch: (batch: Feature[]) => void, signal: AbortSignal): Promise<number>;
  /** All that is known of them. */
  describe(rect: Rect, signal: AbortSignal): Promise<readonly MapFeature[]>;
  /** The nearest to its middle, of very many. */
  nearest(rect: Rect, signal: AbortSignal): Promise<readonly MapFeature[]>;
}

/** Features in a view that are listed and drawn one by one. Where there are more it is crowded. */
export const MOST_LISTED = 5000;
/** Milliseconds: a stream that runs for longer is shown as it comes. */
const PATIENCE = 250;
/** Features that are kept for when somebody comes back to them, besides those in view. */
const MOST_KEPT = 4 * MOST_LISTED;
/** Features of an area that is read a second time, for all that is known of them. */
const MOST_DESCRIBED = 2000;
/** Areas in a view, before it is asked for again in larger ones. */
const MOST_AREAS = 24;

/**
 * Keeps `listing` at what the newest view holds. What was fetched is kept, within a bound: only what is new is asked for, and
 * `change` keeps it as the server has it. Of a crowded view only the features around its middle are listed, and `crowd` says
 * how many there are.
 */
export class FeatureFinder {
  readonly #source: Source;
  readonly #listing = signal<Listing>({ kind: "waiting", features: [] });
  readonly #parts = signal<readonly (readonly Feature[])[]>([]);
  readonly #crowd = signal<number | null>(null);
  /** Those seen last come last. */
  #areas: Area[] = [];
  /** What areas held that are being fetched again. */
  #leaving: (readonly Feature[])[] = [];
  /** What is listed of a crowded view. */
  #sample: Area | null = null;
  /** While it is found out whether the view is crowded, */
  #survey: AbortController | null = null;
  /** these are being read. */
  #coming: Area[] = [];
  #view: Rect | null = null;
  #began = 0;
  #listed = 0;
  #failure: string | null = null;

  constructor(source: Source) {
    this.#source = source;
  }

  get listing(): ReadonlySignal<Listing> {
    return this.#listing;
  }

  /** What was looked at last. */
  get view(): Rect | null {
    return this.#view;
  }

  /** How many features a crowded view has; null for one whose features are all listed. */
  get crowd(): ReadonlySignal<number | null> {
    return this.#crowd;
  }

  /** All that is kept, in view or not. An array in it never changes, so whoever has drawn it need not do so again. */
  get parts(): ReadonlySignal<readonly (readonly Feature[])[]> {
    return this.#parts;
  }

  /** The kept feature at exactly this point. */
  at(point: Point): Feature | null {
    void this.#parts.value;
    for (const area of this.#all) {
      const found = area.at(point);
      if (found) return found;
    }
    return null;
  }

  /** The kept feature with this identifier, where that is known. */
  find(id: string): Feature | null {
    for (const area of this.#all) for (const part of area.parts) for (const f of part) if (f.id === id) return f;
    return null;
  }

  /** Asks for what is not known of a view; a call for what is no longer in view is cancelled. */
  look(view: Rect): void {
    if (this.#view && sameRect(this.#view, view)) return;
    this.#view = view;
    this.#survey?.abort();
    this.#survey = null;
    if (this.#sample) return void this.#surveyView();
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
    if (this.#sample) void this.#surveyView();
    else if (this.#view) this.#fetchMissing();
  }

  /** An area with all that is kept; null while there is nothing. */
  get kept(): Rect | null {
    return boundsOf(
      this.#all.flatMap(({ rect: { south, west, north, east } }) => [
        { lat: south, lng: west },
        { lat: north, lng: east },
      ]),
    );
  }

  /** Takes up what happened to features, in its order. */
  change(changes: readonly FeatureChange[]): void {
    const newest = new Map(changes.map(({ id, feature }) => [id, feature]));
    let changed = false;
    for (const area of this.#all) {
      area.late?.push(...changes);
      if (area.change(newest)) changed = true;
    }
    if (changed) this.#show();
  }

  get #all(): Area[] {
    return [...this.#areas, ...(this.#sample ? [this.#sample] : []), ...this.#coming];
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
      const count = await this.#source.list(
        area.rect,
        MOST_LISTED,
        (features) => {
          if (signal.aborted) return;
          for (const feature of features) part.push(feature);
          if (performance.now() - this.#began <= PATIENCE || part.length < area.size) return;
          take();
          this.#show();
        },
        signal,
      );
      if (signal.aborted) return;
      if (count > MOST_LISTED) {
        this.#forget(area);
        return void this.#surveyView();
      }
      take();
      area.whole = true;
      this.#catchUp(area);
      if (this.#isCrowded()) return void this.#surveyView();
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
        const all = await this.#source.describe(area.rect, area.control.signal);
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

  #isCrowded(): boolean {
    const seen = this.#inView();
    return seen.reduce((n, area) => n + area.size, 0) > MOST_LISTED && this.#within(seen).length > MOST_LISTED;
  }

  /** Asks for exactly what is in view: for all of it, or, where that is too much, for how much it is and what is in the middle. */
  async #surveyView(): Promise<void> {
    const view = this.#view;
    if (!view) return;
    this.#survey?.abort();
    this.#survey = new AbortController();
    const { signal } = this.#survey;
    for (const area of this.#inView()) this.#forget(area);
    const areas = splitRect(view).map((rect) => new Area(rect));
    this.#coming = areas;
    this.#began = performance.now();
    this.#failure = null;
    this.#show();
    try {
      let count = 0;
      for (const area of areas) {
        const part: Feature[] = [];
        const take = (features: Feature[]) => {
          for (const feature of features) part.push(feature);
        };
        count += await this.#source.list(area.rect, Math.max(0, MOST_LISTED - count), take, signal);
        area.fill(part);
        area.whole = true;
      }
      const crowded = count > MOST_LISTED;
      const sample = new Area(view);
      if (crowded) {
        this.#coming = [sample];
        sample.fill((await this.#source.nearest(view, signal)).filter((f) => contains(view, f.point)));
        sample.whole = true;
      }
      if (signal.aborted) return;
      for (const area of this.#coming) this.#catchUp(area);
      if (!crowded) this.#areas.push(...areas);
      this.#sample = crowded ? sample : null;
      this.#crowd.value = crowded ? count : null;
      this.#survey = null;
      this.#coming = [];
      this.#show();
      if (!crowded) for (const area of areas) void this.#read(area);
    } catch (failure) {
      if (signal.aborted) return;
      this.#survey = null;
      this.#coming = [];
      this.#failure = failure instanceof Error ? failure.message : String(failure);
      this.#show();
    }
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
    const seen = this.#sample ? [this.#sample] : this.#inView();
    const streaming = this.#survey !== null || seen.some((area) => !area.whole);
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
      this.#parts.value = [...this.#all.flatMap((area) => area.parts), ...this.#leaving];
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
    this.#areas = [...newest.reverse(), ...this.#areas.filter((area) => seen.includes(area))];
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

/** A text as it is compared: in lower case, without accents. Most names are ASCII. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  return /^[ -~]*$/.test(lower) ? lower : lower.normalize("NFD").replace(/\p{M}/gu, "");
}

/** The nearest to the map's centre first; equally near ones in the server's order. */
export function sortByDistance(features: readonly Feature[], camera: Camera): readonly Feature[] {
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
