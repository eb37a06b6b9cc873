// Keeps the map's travelers where they are: a frame at a time, and only while somebody moves.
import { effect, type ReadonlySignal } from "@preact/signals";
import type { Point } from "../geo";
import * as map from "../map/map";
import { isOver, placeAt } from "./glide";
import { people, trails } from "./layers";
import { FEW, type Roster, type Sighting } from "./roster";

export interface Drawing {
  readonly roster: Roster;
  /** Goes on as the travelers grow old. */
  readonly clock: ReadonlySignal<number>;
  /** The route that is recorded here: it is drawn by who records it. */
  readonly own: ReadonlySignal<string>;
  readonly followed: ReadonlySignal<string | null>;
  /** Nobody is drawn. */
  readonly hidden: ReadonlySignal<boolean>;
}

/** Milliseconds between two frames for each traveler, when there are more than can be moved with every frame. */
const SLOW = 0.2;

const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

export function drawTravelers({ roster, clock, own, followed, hidden }: Drawing): void {
  let shown: readonly Sighting[] = [];
  let frame = 0;
  let drawn = 0;

  const at = (t: Sighting): Point => (still?.matches ? t.position.point : placeAt(t.glide, roster.clock.now()));

  const draw = (time: number) => {
    frame = 0;
    if (shown.length > FEW && time - drawn < SLOW * shown.length) return later();
    drawn = time;
    const now = roster.clock.now();
    map.put("travelers", people(shown, at, now));
    const one = followed.peek() === null ? undefined : roster.get(followed.peek() ?? "");
    if (one) map.keepCentral(at(one));
    if (!still?.matches && shown.some((t) => !isOver(t.glide, now))) later();
  };
  const later = () => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };

  effect(() => {
    shown = hidden.value ? [] : roster.state.value.travelers.filter((t) => t.route !== own.value);
    map.put("trails", trails(shown, clock.value));
    later();
  });
  effect(() => {
    if (followed.value !== null) later();
  });
}
