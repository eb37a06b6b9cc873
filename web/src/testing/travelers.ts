// For tests: WatchTravelers with the promises of the real server, in an order that the test says.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Bounds } from "../gen/routeguide/v1/bounds_pb";
import {
  type Traveler,
  TravelerSchema,
  WatchTravelersRequestSchema,
  type WatchTravelersResponse,
  WatchTravelersResponseSchema,
} from "../gen/routeguide/v1/traveler_service_pb";
import type { ServerCall } from "./server";

type Event = WatchTravelersResponse["event"];

export class TestTravelers {
  /** The server's clock. */
  clock = 1_800_000_000_000;
  /** What the last watch asked for. */
  bounds: Bounds | undefined;
  readonly #present = new Map<string, Traveler>();
  readonly #watchers = new Set<(event: Event) => void>();

  handle = (call: ServerCall): void => {
    call.decode(WatchTravelersRequestSchema, ({ bounds }) => {
      this.bounds = bounds;
      call.header({});
      const tell = (event: Event) =>
        call.send(WatchTravelersResponseSchema, { event, serverTime: timestampFromMs(this.clock) });
      for (const value of this.#present.values()) tell({ case: "moved", value });
      tell({ case: "current", value: true });
      this.#watchers.add(tell);
      call.onGone = () => this.#watchers.delete(tell);
    });
  };

  /** Somebody is at a place now; `trail` are the places before. */
  move(route: string, latitude: number, longitude: number, name = "", trail: [number, number][] = []): void {
    const time = timestampFromMs(this.clock);
    const at = (lat: number, lng: number) => ({ location: { latitude: lat, longitude: lng }, time });
    const traveler = create(TravelerSchema, {
      route,
      name,
      position: at(latitude, longitude),
      trail: trail.map(([lat, lng]) => at(lat, lng)),
      expireTime: timestampFromMs(this.clock + 1_800_000),
    });
    const before = this.#present.get(route);
    this.#present.set(route, traveler);
    const value = before ? create(TravelerSchema, { ...traveler, trail: [] }) : traveler;
    for (const tell of this.#watchers) tell({ case: "moved", value });
  }

  /** Somebody finishes; those who watch are told, unless their connection is lost just then. */
  leave(route: string): void {
    this.#present.delete(route);
    for (const tell of this.#watchers) tell({ case: "left", value: route });
  }
}
