// How fast and which way somebody goes: as measured, or else from the last two positions.

import { distance, type Point } from "../geo";
import type { Fix } from "../record/fix";

export interface Motion {
  /** Metres per second; null when nothing tells. */
  readonly speed: number | null;
  /** Degrees clockwise from north; null for somebody who stands. */
  readonly heading: number | null;
}

/** Metres per second below which nobody is said to move. */
export const STANDING = 0.5;
/** Two positions further apart, in milliseconds, say nothing of the speed now. */
const LONGEST_STEP = 60_000;

export function motionOf(before: Fix | undefined, at: Fix): Motion {
  const ms = before ? at.time - before.time : 0;
  const told = before && ms > 0 && ms <= LONGEST_STEP;
  const speed = at.speed ?? (told ? distance(before.point, at.point) / (ms / 1000) : null);
  const moves = speed !== null && speed >= STANDING;
  const heading = at.heading ?? (told ? bearing(before.point, at.point) : null);
  return { speed, heading: moves ? heading : null };
}

/** The direction in which a great circle leaves; null between a point and itself. */
export function bearing(from: Point, to: Point): number | null {
  if (from.lat === to.lat && from.lng === to.lng) return null;
  const radians = Math.PI / 180e7;
  const [a, b, east] = [from.lat * radians, to.lat * radians, (to.lng - from.lng) * radians];
  const x = Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(east);
  return ((Math.atan2(Math.sin(east) * Math.cos(b), x) * 180) / Math.PI + 360) % 360;
}
