// Areas as whole numbers that fit together without gaps: what of a view is new, when parts of it are known.
import { type Rect, splitRect } from "../geo";

const TURN = 3_600_000_000;

/**
 * The area made larger, outwards to lines of a grid whose squares are at most an eighth of its shorter side: views that
 * differ a little become the same, and their differences are worth a call.
 */
export function outward(r: Rect): Rect {
  const width = r.east >= r.west ? r.east - r.west : r.east - r.west + TURN;
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.min(width, r.north - r.south) / 8)));
  return {
    south: Math.max(-900_000_000, Math.floor(r.south / step) * step),
    west: Math.max(-1_800_000_000, Math.floor(r.west / step) * step),
    north: Math.min(900_000_000, Math.ceil((r.north + 1) / step) * step - 1),
    east: Math.min(1_800_000_000, Math.ceil((r.east + 1) / step) * step - 1),
  };
}

export function meet(a: Rect, b: Rect): boolean {
  return a.south <= b.north && b.south <= a.north && a.west <= b.east && b.west <= a.east;
}

/** Whether all of the second is in the first. */
export function holds(a: Rect, b: Rect): boolean {
  return a.south <= b.south && b.north <= a.north && a.west <= b.west && b.east <= a.east;
}

/** Areas that have nothing in common with each other or with `known`, and are with it all of `wanted`. None may cross the antimeridian. */
export function without(wanted: Rect, known: readonly Rect[]): Rect[] {
  return known.reduce((rest, hole) => rest.flatMap((r) => cut(r, hole)), [wanted]);
}

/** Full-width strips below and above the hole, and what is left and right of it. */
function cut(r: Rect, hole: Rect): Rect[] {
  if (!meet(r, hole)) return [r];
  const south = Math.max(r.south, hole.south);
  const north = Math.min(r.north, hole.north);
  return [
    { ...r, north: hole.south - 1 },
    { ...r, south: hole.north + 1 },
    { south, north, west: r.west, east: hole.west - 1 },
    { south, north, west: hole.east + 1, east: r.east },
  ].filter((part) => part.south <= part.north && part.west <= part.east);
}

/** A view as the areas that are asked for: on the grid, cut at the antimeridian. */
export function areasOf(view: Rect): Rect[] {
  return splitRect(outward(view));
}
