// The routes that this browser has finished, kept here to look at again: a thinned line and the server's summary.
import { isValid, type Point } from "./geo";
import { persisted } from "./persist";
import type { Track } from "./recording";
import type { Summary } from "./rpc";

const MOST_ROUTES = 30;
const MOST_POINTS = 500;

export interface SavedRoute {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly summary: Summary;
  readonly points: readonly Point[];
}

/** The newest first. */
export const savedRoutes = persisted<readonly SavedRoute[]>("routes", [], decode, encode);

export function saveRoute(track: Track, summary: Summary): void {
  if (savedRoutes.value.some((route) => route.id === track.id)) return;
  const route = {
    id: track.id,
    name: nameOf(track),
    began: track.began,
    summary,
    points: thin(track.points, MOST_POINTS),
  };
  savedRoutes.value = [route, ...savedRoutes.value].slice(0, MOST_ROUTES);
}

export function forgetRoute(id: string): void {
  savedRoutes.value = savedRoutes.value.filter((route) => route.id !== id);
}

/** What a route is called: after the features at its ends, else after how it was made. */
export function nameOf({ first, last, source }: Pick<Track, "first" | "last" | "source">): string {
  const [from, to] = [first, last].map((name) => name.split(",", 1)[0] ?? "");
  if (from && to && from !== to) return `${from} → ${to}`;
  if (from) return `By ${from}`;
  return { device: "Own way", draw: "Drawn route", drive: "Drive" }[source];
}

/** At most so many of the points, evenly taken, with both ends. */
export function thin(points: readonly Point[], most: number): Point[] {
  if (points.length <= most) return [...points];
  return Array.from({ length: most }, (_, i) => points[Math.round((i * (points.length - 1)) / (most - 1))] as Point);
}

function encode(routes: readonly SavedRoute[]): string {
  return JSON.stringify(routes.map((route) => ({ ...route, points: route.points.flatMap((p) => [p.lat, p.lng]) })));
}

function decode(text: string): SavedRoute[] | null {
  try {
    const routes = JSON.parse(text) as (Omit<SavedRoute, "points"> & { points: number[] })[];
    return routes.map((route) => ({ ...route, points: pairs(route.points) })).filter(isWhole);
  } catch {
    return null;
  }
}

function pairs(numbers: readonly number[]): Point[] {
  return numbers.flatMap((lat, i) => (i % 2 === 0 ? [{ lat, lng: numbers[i + 1] ?? Number.NaN }] : []));
}

function isWhole({ id, name, began, summary, points }: SavedRoute): boolean {
  const { points: count, features, distance, elapsed } = summary;
  const numbers = [began, count, features, distance, elapsed].every((n) => typeof n === "number");
  return typeof id === "string" && typeof name === "string" && numbers && points.every(isValid);
}
