// From one position to the next, so that a marker moves as its traveler did.

import type { Point } from "../geo";
import type { Fix } from "../record/fix";

export interface Glide {
  readonly from: Point;
  readonly to: Point;
  /** Milliseconds of the server's clock. */
  readonly began: number;
  readonly lasts: number;
}

/** Whoever was silent for longer is shown moving for this long, not for all that time. */
const LONGEST = 10_000;
const HALF_TURN = 1_800_000_000;

export function standing(at: Point): Glide {
  return { from: at, to: at, began: 0, lasts: 0 };
}

/** From where the marker is at `now` to the new position, in the time that the traveler took for it. */
export function glideTo(glide: Glide, before: Fix, after: Fix, now: number): Glide {
  const lasts = Math.min(LONGEST, Math.max(0, after.time - before.time));
  return { from: placeAt(glide, now), to: after.point, began: now, lasts };
}

/** Where the marker is, straight on the map and across the antimeridian the short way. */
export function placeAt({ from, to, began, lasts }: Glide, now: number): Point {
  const part = lasts === 0 ? 1 : Math.min(1, Math.max(0, (now - began) / lasts));
  if (part === 1) return to;
  return between(from, to, part);
}

export function isOver({ began, lasts }: Glide, now: number): boolean {
  return now >= began + lasts;
}

export function between(from: Point, to: Point, part: number): Point {
  let east = to.lng - from.lng;
  if (east > HALF_TURN) east -= 2 * HALF_TURN;
  else if (east < -HALF_TURN) east += 2 * HALF_TURN;
  let lng = Math.round(from.lng + east * part);
  if (lng > HALF_TURN) lng -= 2 * HALF_TURN;
  else if (lng < -HALF_TURN) lng += 2 * HALF_TURN;
  return { lat: Math.round(from.lat + (to.lat - from.lat) * part), lng };
}
