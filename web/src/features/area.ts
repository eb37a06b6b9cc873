// An area of the world with the features that are kept of it.

import { contains, type Point, parsePointKey, pointKey, type Rect } from "../geo";
import type { FeatureChange, MapFeature } from "../rpc/features";
import type { Feature } from "./features";

/** An area that was fetched, or is being fetched. Areas have no point in common. */
export class Area {
  parts: Feature[][] = [];
  readonly control = new AbortController();
  whole = false;
  /** Changes while it is being read, when what is read may be older; null afterwards. */
  late: FeatureChange[] | null = [];
  #byPoint: Map<string, Feature> | null = null;

  constructor(readonly rect: Rect) {}

  get size(): number {
    return this.parts.reduce((n, part) => n + part.length, 0);
  }

  at(point: Point): Feature | null {
    if (!this.whole || !contains(this.rect, point)) return null;
    this.#byPoint ??= new Map(this.parts.flat().map((f) => [pointKey(f.point), f]));
    return this.#byPoint.get(pointKey(point)) ?? null;
  }

  /** Takes other features for those that it has. */
  fill(features: readonly Feature[]): void {
    this.parts = features.length > 0 ? [[...features]] : [];
    this.#byPoint = null;
  }

  /** Does what happened, an identifier at a time; whether that changed anything. */
  change(changes: ReadonlyMap<string, MapFeature | null>): boolean {
    const added = [...changes.values()].filter((f): f is MapFeature => f !== null && contains(this.rect, f.point));
    // What was listed without its identifier is known by its point: a feature of the server's file has that as its
    // identifier, and one that is where a changed feature is now is that feature.
    const points = new Set([...changes.keys(), ...added.map((f) => pointKey(f.point))]);
    const latitudes = new Set([...points].map((key) => parsePointKey(key)?.lat));
    const goes = (f: Feature) =>
      f.id === undefined
        ? latitudes.has(f.point.lat) && points.has(pointKey(f.point)) // there may be a million
        : changes.has(f.id);
    let lost = false;
    this.parts = this.parts.flatMap((part) => {
      if (!part.some(goes)) return [part];
      lost = true;
      const rest = part.filter((f) => !goes(f));
      return rest.length > 0 ? [rest] : [];
    });
    if (added.length > 0) this.parts.push(added);
    this.#byPoint = null;
    return lost || added.length > 0;
  }
}
