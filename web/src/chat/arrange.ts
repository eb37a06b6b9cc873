// Which places with notes are drawn as one, and which have room to say their newest note. It depends on the zoom alone: a map
// that is moved sideways regroups nothing.
import type { Point } from "../geo";
import type { NotePlace } from "./nearby";

/** Places that lie so close together that they are drawn as one. */
export interface Group {
  /** The place with the newest note; the group is drawn there. */
  readonly place: NotePlace;
  /** How many places it stands for, that one too. */
  readonly places: number;
  /** There is room for a bubble with the newest note. */
  readonly said: boolean;
}

/** Pixels within which places are one. */
const REACH = 40;
/** From this zoom on no places are one: whoever looks so closely wants to see each. */
const EACH = 17;
/** Bubbles at the most: each is an element that moves with every frame of the map. */
const MOST_SAID = 48;

/** Pixels of a bubble; what it says decides how wide it is. */
const WIDEST = 208;
const PADDING = 30;
const LETTER = 6.6;
const HEIGHT = 34;

/** `places` has the one with the newest note first; so has the answer. */
export function arrange(places: readonly NotePlace[], zoom: number): Group[] {
  const reach = zoom < EACH ? REACH : 0;
  const cells = new Map<string, { place: NotePlace; x: number; y: number; places: number }[]>();
  const groups: { place: NotePlace; x: number; y: number; places: number }[] = [];
  for (const place of places) {
    const { x, y } = pixelOf(place.point, zoom);
    const [column, row] = [Math.floor(x / REACH), Math.floor(y / REACH)];
    const near = around(cells, column, row).find((g) => Math.hypot(g.x - x, g.y - y) < reach);
    if (near) {
      near.places++;
      continue;
    }
    const group = { place, x, y, places: 1 };
    groups.push(group);
    const key = `${column} ${row}`;
    cells.set(key, [...(cells.get(key) ?? []), group]);
  }
  const taken: { x: number; y: number; half: number }[] = [];
  return groups.map(({ place, x, y, places }) => {
    const half = widthOf(place) / 2;
    const free = taken.every((t) => Math.abs(t.x - x) >= t.half + half || Math.abs(t.y - y) >= HEIGHT);
    const said = free && taken.length < MOST_SAID;
    if (said) taken.push({ x, y, half });
    return { place, places, said };
  });
}

function around<T>(cells: ReadonlyMap<string, T[]>, column: number, row: number): T[] {
  const found: T[] = [];
  for (const c of [column - 1, column, column + 1])
    for (const r of [row - 1, row, row + 1]) found.push(...(cells.get(`${c} ${r}`) ?? []));
  return found;
}

/** Pixels in the Mercator projection. */
function pixelOf({ lat, lng }: Point, zoom: number): { x: number; y: number } {
  const world = 512 * 2 ** zoom;
  const up = Math.asinh(Math.tan((lat / 1e7) * (Math.PI / 180))) / (2 * Math.PI);
  return { x: (lng / 3.6e9) * world, y: -up * world };
}

function widthOf({ newest }: NotePlace): number {
  const text = `${newest.traveler} ${newest.message.slice(0, 60)}`;
  const wide = text.match(/[\u1100-\uffdc]/g)?.length ?? 0; // such letters take about the room of two
  return Math.min(WIDEST, PADDING + LETTER * (text.length + wide));
}
