// A track along time: where it was when, how fast and how high, and which of its points is near.

import { distance, EARTH_RADIUS, type Point } from "../geo";
import type { Fix } from "../record/fix";
import { between } from "../travelers/glide";

/** Milliseconds between two points beyond which nobody knows what was between them. */
const GAP = 300_000;

/** The index of the last point that is not later than a time; -1 before the first. */
export function indexAt(fixes: readonly { readonly time: number }[], time: number): number {
  let low = 0;
  let high = fixes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((fixes[middle]?.time ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Where the track was at a time: between two points in proportion, in a gap at the point before it. null outside. */
export function placeAt(fixes: readonly Fix[], time: number): Point | null {
  const index = indexAt(fixes, time);
  const [before, after] = [fixes[index], fixes[index + 1]];
  if (!before || (!after && time > before.time)) return null;
  const lasts = after ? after.time - before.time : 0;
  if (!after || lasts === 0 || lasts > GAP) return before.point;
  return between(before.point, after.point, (time - before.time) / lasts);
}

/** Metres per second at each point, measured or else from the point before; null where nothing tells. */
export function speedsOf(fixes: readonly Fix[]): (number | null)[] {
  return fixes.map((fix, i) => {
    if (fix.speed !== null) return fix.speed;
    const before = fixes[i - 1];
    const seconds = before ? (fix.time - before.time) / 1000 : 0;
    if (!before || seconds <= 0 || seconds * 1000 > GAP) return null;
    return distance(before.point, fix.point) / seconds;
  });
}

/** The index of the point that is nearest to a place, -1 when none is within so many metres. */
export function nearestTo(fixes: readonly Fix[], place: Point, metres: number): number {
  const radians = Math.PI / 180e7;
  const narrower = Math.cos(place.lat * radians);
  let found = -1;
  let least = (metres / EARTH_RADIUS / radians) ** 2;
  for (let i = 0; i < fixes.length; i++) {
    const { lat, lng } = (fixes[i] as Fix).point;
    const away = Math.abs(lng - place.lng);
    const east = Math.min(away, 3_600_000_000 - away) * narrower;
    const north = lat - place.lat;
    const square = east * east + north * north;
    if (square <= least) [found, least] = [i, square];
  }
  return found;
}
