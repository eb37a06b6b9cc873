// A simulated drive: where a traveler is who goes from stop to stop on great circles at a steady speed. Pure.
import { distance, fromDegrees, type Point } from "../geo";
import type { Place } from "../state";

export interface Drive {
  readonly stops: readonly Place[];
  /** Seconds after the start at which each stop is reached; the first is 0. */
  readonly times: readonly number[];
  /** Seconds. */
  readonly duration: number;
  /** Metres. */
  readonly length: number;
}

/** Plans a drive through the stops in their order. `kmh` is greater than 0. */
export function planDrive(stops: readonly Place[], kmh: number): Drive {
  const times: number[] = [];
  let length = 0;
  stops.forEach((stop, i) => {
    const before = stops[i - 1];
    if (before) length += distance(before.point, stop.point);
    times.push(length / (kmh / 3.6));
  });
  return { stops, times, duration: times.at(-1) ?? 0, length };
}

/**
 * What a recorder notes down when it looks at the time `until`, after it has looked at `after` (seconds; less than 0
 * before the start), in the order of time: every stop reached since, at its exact position, and where the traveler was
 * at every multiple of `step` seconds.
 *
 * However the time is cut into looks, the points are the same: a busy or hidden page, whose looks come late, leaves
 * no gap.
 */
export function pointsBetween(drive: Drive, after: number, until: number, step: number): Place[] {
  const seen = drive.stops
    .map((place, i) => ({ time: drive.times[i] as number, place }))
    .filter(({ time }) => time > after && time <= until);
  for (let k = Math.max(1, Math.floor(after / step)); k * step <= until && k * step < drive.duration; k++) {
    const time = k * step;
    if (time > after && !drive.times.includes(time))
      seen.push({ time, place: { point: pointAt(drive, time), name: "" } });
  }
  return seen.sort((a, b) => a.time - b.time).map(({ place }) => place);
}

/** Where the traveler is at a time of the drive before its end. */
function pointAt(drive: Drive, time: number): Point {
  const next = drive.times.findIndex((t) => t > time);
  const begun = drive.times[next - 1] as number;
  const fraction = (time - begun) / ((drive.times[next] as number) - begun);
  return between((drive.stops[next - 1] as Place).point, (drive.stops[next] as Place).point, fraction);
}

/** The way of a drive as a line: great circles in steps of at most `step` metres. */
export function wayOf(stops: readonly Place[], step = 20_000): Point[] {
  return stops.flatMap((stop, i) => {
    const next = stops[i + 1];
    if (!next) return [stop.point];
    const pieces = Math.max(1, Math.ceil(distance(stop.point, next.point) / step));
    return Array.from({ length: pieces }, (_, k) => between(stop.point, next.point, k / pieces));
  });
}

/** The point that divides the great circle from a to b; fraction 0 is a, 1 is b. */
function between(a: Point, b: Point, fraction: number): Point {
  const u = toVector(a);
  const v = toVector(b);
  const angle = Math.acos(Math.max(-1, Math.min(1, u.x * v.x + u.y * v.y + u.z * v.z)));
  // The formula divides by the sine, which is 0 for equal and for opposite points.
  const sine = Math.sin(angle);
  const [p, q] =
    sine < 1e-12
      ? [1 - fraction, fraction]
      : [Math.sin((1 - fraction) * angle) / sine, Math.sin(fraction * angle) / sine];
  const [x, y, z] = [p * u.x + q * v.x, p * u.y + q * v.y, p * u.z + q * v.z];
  return fromDegrees((Math.atan2(z, Math.hypot(x, y)) * 180) / Math.PI, (Math.atan2(y, x) * 180) / Math.PI);
}

function toVector(p: Point): { x: number; y: number; z: number } {
  const lat = (p.lat / 1e7) * (Math.PI / 180);
  const lng = (p.lng / 1e7) * (Math.PI / 180);
  return { x: Math.cos(lat) * Math.cos(lng), y: Math.cos(lat) * Math.sin(lng), z: Math.sin(lat) };
}

/** Stops in an order that goes to the nearest one each time, beginning with the first. */
export function nearestOrder(stops: readonly Place[]): Place[] {
  const left = [...stops];
  const order: Place[] = left.splice(0, 1);
  while (left.length > 0) {
    const here = order.at(-1) as Place;
    const lengths = left.map((stop) => distance(here.point, stop.point));
    order.push(...left.splice(lengths.indexOf(Math.min(...lengths)), 1));
  }
  return order;
}
