// Who is on the way in an area, live, with all that the map and the list need of each.
import { ConnectError } from "@connectrpc/connect";
import { type ReadonlySignal, signal } from "@preact/signals";
import { distance, type Rect, samePoint } from "../geo";
import type { Fix } from "../record/fix";
import { type Traveler, watchTravelers } from "../rpc/travelers";
import { ServerClock } from "./clock";
import { type Glide, glideTo, standing } from "./glide";
import { type Motion, motionOf } from "./motion";

/** A traveler as this page has followed them. */
export interface Sighting extends Traveler {
  readonly motion: Motion;
  readonly glide: Glide;
}

export type RosterState =
  | { readonly kind: "loading"; readonly travelers: readonly Sighting[] }
  | { readonly kind: "live"; readonly travelers: readonly Sighting[] }
  | { readonly kind: "failed"; readonly travelers: readonly Sighting[]; readonly reason: string };

/** Milliseconds in which changes are gathered before they are shown; longer when there is much to draw. */
const GATHER = 100;
const GATHER_MANY = 500;
/** Travelers that can be drawn anew whenever one of them moves. */
export const FEW = 60;
const MOST_TRAIL = 100;
/** Metres between two points of a trail. */
const TRAIL_STEP = 5;

/** Watches one area at a time. */
export class Roster {
  readonly clock = new ServerClock();
  readonly #state = signal<RosterState>({ kind: "loading", travelers: [] });
  readonly #onLeft: (gone: Sighting) => void;
  #travelers = new Map<string, Sighting>();
  #watch = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onLeft` is told who is no longer there. */
  constructor(onLeft: (gone: Sighting) => void = () => {}) {
    this.#onLeft = onLeft;
  }

  /** Those of the area before stay until the new one is known. */
  get state(): ReadonlySignal<RosterState> {
    return this.#state;
  }

  get(route: string): Sighting | undefined {
    return this.#travelers.get(route);
  }

  /** Watches another area from now on. */
  async look(area: Rect): Promise<void> {
    this.#watch.abort();
    const watch = new AbortController();
    this.#watch = watch;
    let present = new Set<string>();
    try {
      await watchTravelers(
        {
          area,
          onOpen: () => {
            present = new Set();
            this.clock.reset();
          },
          onMoved: (traveler, clock) => {
            this.clock.heard(clock);
            present.add(traveler.route);
            this.#travelers.set(traveler.route, this.#see(traveler));
            if (this.#state.value.kind === "live") this.#showSoon();
          },
          onLeft: (route, clock) => {
            this.clock.heard(clock);
            this.#leave(route);
          },
          onCurrent: (clock) => {
            this.clock.heard(clock);
            for (const route of this.#travelers.keys()) if (!present.has(route)) this.#travelers.delete(route);
            this.#show();
          },
        },
        watch.signal,
      );
    } catch (failure) {
      if (watch.signal.aborted) return;
      const reason = ConnectError.from(failure).rawMessage;
      this.#state.value = { kind: "failed", travelers: this.#state.value.travelers, reason };
    }
  }

  /** Stops watching. */
  close(): void {
    this.#watch.abort();
    clearTimeout(this.#timer);
  }

  /** Without a connection nobody says who has left: those whose time is over are dropped here. */
  dropExpired(): void {
    const now = this.clock.now();
    const expired = [...this.#travelers.values()].filter(({ expires }) => expires !== 0 && expires < now);
    for (const { route } of expired) this.#leave(route);
  }

  #see(next: Traveler): Sighting {
    const before = this.#travelers.get(next.route);
    if (!before)
      return { ...next, motion: motionOf(next.trail.at(-1), next.position), glide: standing(next.position.point) };
    const again = samePoint(before.position.point, next.position.point) && before.position.time === next.position.time;
    if (again) return { ...before, expires: next.expires };
    return {
      ...next,
      trail: next.trail.length > 0 ? next.trail : grown(before.trail, before.position),
      motion: motionOf(before.position, next.position),
      glide: glideTo(before.glide, before.position, next.position, this.clock.now()),
    };
  }

  #leave(route: string): void {
    const gone = this.#travelers.get(route);
    if (!gone) return;
    this.#travelers.delete(route);
    this.#onLeft(gone);
    this.#showSoon();
  }

  #showSoon(): void {
    this.#timer ??= setTimeout(() => this.#show(), this.#travelers.size > FEW ? GATHER_MANY : GATHER);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#state.value = { kind: "live", travelers: [...this.#travelers.values()] };
  }
}

function grown(trail: readonly Fix[], by: Fix): readonly Fix[] {
  const last = trail.at(-1);
  if (last && distance(last.point, by.point) < TRAIL_STEP) return trail;
  return [...trail, by].slice(-MOST_TRAIL);
}
