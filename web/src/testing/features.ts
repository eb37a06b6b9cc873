// For tests: WatchFeatures with the promises of the real server. A cursor is the number of changes so far.
import { create } from "@bufbuild/protobuf";
import {
  type MapFeature,
  MapFeatureSchema,
  WatchFeaturesRequestSchema,
  WatchFeaturesResponseSchema,
} from "../gen/routeguide/v1/feature_service_pb";
import type { Rect } from "../geo";
import { contains } from "../geo";
import { rectOf } from "../rpc/messages";
import type { ServerCall } from "./server";

interface Change {
  readonly id: string;
  readonly feature: MapFeature | null;
}

export class TestFeatures {
  /** The areas that were watched from a cursor on, and from which. */
  readonly watches: { readonly area: Rect; readonly cursor: string }[] = [];
  readonly #changes: Change[] = [];
  readonly #watchers = new Set<() => void>();

  handle = (call: ServerCall): void => {
    call.decode(WatchFeaturesRequestSchema, ({ bounds, cursor }) => {
      call.header({});
      const area: Rect = bounds ? rectOf(bounds) : { south: 0, west: 0, north: 0, east: 0 };
      if (cursor !== "") this.watches.push({ area, cursor });
      let told = cursor === "" ? this.#changes.length : Number(cursor);
      if (cursor === "") for (const feature of this.#present(area)) this.#send(call, { id: feature.id, feature }, "");
      const tell = () => {
        for (; told < this.#changes.length; told++) {
          const change = this.#changes[told] as Change;
          const inside = change.feature !== null && contains(area, pointOf(change.feature));
          this.#send(call, inside ? change : { id: change.id, feature: null }, String(told + 1));
        }
      };
      tell();
      call.send(WatchFeaturesResponseSchema, { event: { case: "current", value: true }, cursor: String(told) });
      this.#watchers.add(tell);
      call.onGone = () => this.#watchers.delete(tell);
    });
  };

  put(id: string, name: string, latitude: number, longitude: number): void {
    this.#change({ id, feature: create(MapFeatureSchema, { id, name, location: { latitude, longitude } }) });
  }

  delete(id: string): void {
    this.#change({ id, feature: null });
  }

  #change(change: Change): void {
    this.#changes.push(change);
    for (const tell of this.#watchers) tell();
  }

  #present(area: Rect): MapFeature[] {
    const now = new Map(this.#changes.map(({ id, feature }) => [id, feature]));
    return [...now.values()].filter((f): f is MapFeature => f !== null && contains(area, pointOf(f)));
  }

  #send(call: ServerCall, { id, feature }: Change, cursor: string): void {
    const event = feature ? ({ case: "feature", value: feature } as const) : ({ case: "deleted", value: id } as const);
    call.send(WatchFeaturesResponseSchema, { event, cursor });
  }
}

function pointOf({ location }: MapFeature) {
  return { lat: location?.latitude ?? 0, lng: location?.longitude ?? 0 };
}
