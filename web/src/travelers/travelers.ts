// The page's travelers: who is on the way around what the map shows, and whom the map follows.
import { computed, effect, signal } from "@preact/signals";
import { fromDegrees, type Rect } from "../geo";
import * as map from "../map/map";
import { ownPoint, ownRoute } from "../record/recorder";
import { camera, lookingBack, say } from "../state";
import { margin, stillGood } from "./area";
import { drawTravelers } from "./drawing";
import { isOld } from "./layers";
import { Roster, type Sighting } from "./roster";
import { words } from "./words";

export const roster = new Roster((gone) => {
  if (gone.route !== followed.peek()) return;
  followed.value = null;
  say(words.gone(nameOf(gone)));
});

/** The route of the traveler whom the map follows; null for none. */
export const followed = signal<string | null>(null);

/** The server's time as far as ages are concerned: it goes on every ten seconds. */
export const clock = signal(0);
const TICK = 10_000;

/** Whoever was heard of lately first, then by name. */
export const rows = computed<readonly Sighting[]>(() => {
  const order = new Intl.Collator(undefined, { numeric: true });
  const rank = (t: Sighting) => (isOld(t, clock.value) ? 2 : t.name === "" ? 1 : 0);
  return roster.state.value.travelers.toSorted(
    (a, b) => rank(a) - rank(b) || order.compare(a.name, b.name) || order.compare(a.route, b.route),
  );
});

/** Where distances are told from: where this device is, or the map's centre. */
export const reference = computed(() => {
  const here = ownPoint.value;
  return { own: here !== null, point: here ?? fromDegrees(camera.value.latitude, camera.value.longitude) };
});

export function nameOf({ name }: Pick<Sighting, "name">): string {
  return name || words.unnamed;
}

/** Brings the map to somebody. */
export function goTo(traveler: Sighting): void {
  if (followed.value !== traveler.route) followed.value = null;
  map.flyTo(traveler.position.point);
}

/** Keeps the map on somebody from now on, or no longer. */
export function toggleFollowing(traveler: Sighting): void {
  if (followed.value === traveler.route) {
    followed.value = null;
    return;
  }
  followed.value = traveler.route;
  map.flyTo(traveler.position.point);
  say(words.following(nameOf(traveler)));
}

let watched: Rect | null = null;

/** Watches again what is watched, after it failed. */
export function lookAgain(): void {
  if (watched) void roster.look(watched);
}

/** Watches with the map from now on, and draws who is on the way. Call it once. */
export function startTravelers(): void {
  map.onRest(({ rect }) => {
    if (watched && stillGood(watched, rect)) return;
    watched = margin(rect);
    void roster.look(watched);
  });
  map.onDrag(() => {
    followed.value = null;
  });
  const anybody = computed(() => roster.state.value.travelers.length > 0);
  effect(() => {
    if (!anybody.value) return;
    const tick = () => {
      clock.value = roster.clock.now();
      roster.dropExpired();
    };
    tick();
    const timer = setInterval(tick, TICK);
    return () => clearInterval(timer);
  });
  drawTravelers({ roster, clock, own: ownRoute, followed, hidden: lookingBack });
}
