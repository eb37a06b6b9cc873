// What happened in an area, along time: who was where, which notes were there, what was changed.
import type { NotePlace } from "../chat/nearby";
import { type Point, pointKey } from "../geo";
import type { Fix } from "../record/fix";
import { indexAt, placeAt } from "../routes/timeline";
import type { Note } from "../rpc";
import type { Happening } from "../rpc/area";

/** Happenings at the most: what a page can have in memory and draw. */
export const MOST = 200_000;

/** Milliseconds for which somebody who is not heard of any more is still shown. */
const STAYS = 600_000;
/** Of the line behind a traveler. */
const TRAIL_TIME = 1_800_000;
const TRAIL_POINTS = 150;

/** Somebody at a moment. */
export interface Walker {
  readonly route: string;
  readonly traveler: string;
  readonly place: Point;
  /** The points before, the oldest first. */
  readonly trail: readonly Point[];
  /** Nothing was heard for a while. */
  readonly old: boolean;
}

/** A change of a feature, with where it was, as far as that is known. */
export interface Edit {
  readonly time: number;
  readonly name: string;
  readonly point: Point | null;
  readonly deleted: boolean;
}

export class Story {
  readonly #tracks = new Map<string, { readonly traveler: string; readonly fixes: Fix[] }>();
  readonly #notes: Note[] = [];
  readonly #edits: Edit[] = [];
  readonly #features = new Map<string, { readonly name: string; readonly point: Point }>();
  #first = 0;
  #last = 0;
  #count = 0;

  /** Takes what happened next; false when there is no room for more. */
  add(happening: Happening): boolean {
    const { time } = happening;
    if (this.#count++ === 0) this.#first = time;
    this.#last = time;
    if (happening.kind === "step") this.#step(happening.route, happening.traveler, { ...happening.fix, time });
    else if (happening.kind === "note") this.#notes.push(happening.note);
    else if (happening.kind === "feature") {
      const { id, name, point } = happening.feature;
      this.#features.set(id, { name, point });
      this.#edits.push({ time, name, point, deleted: false });
    } else {
      const { name, point } = this.#features.get(happening.feature) ?? { name: "", point: null };
      this.#edits.push({ time, name, point, deleted: true });
    }
    return this.#count < MOST;
  }

  get count(): number {
    return this.#count;
  }

  /** From the first to the last that happened; null when nothing did. */
  get span(): { readonly start: number; readonly end: number } | null {
    return this.#count === 0 ? null : { start: this.#first, end: this.#last };
  }

  /** Who is in it, by route. */
  get travelers(): readonly { readonly route: string; readonly traveler: string }[] {
    return [...this.#tracks].map(([route, { traveler }]) => ({ route, traveler }));
  }

  /** Those who are on the way at a time. */
  walkersAt(time: number): Walker[] {
    return [...this.#tracks].flatMap(([route, { traveler, fixes }]) => {
      const index = indexAt(fixes, time);
      const last = fixes[index];
      if (!last) return [];
      const next = fixes[index + 1];
      if (!next && time - last.time > STAYS) return [];
      const trail = fixes
        .slice(Math.max(0, index + 1 - TRAIL_POINTS), index + 1)
        .filter((fix) => fix.time >= time - TRAIL_TIME)
        .map((fix) => fix.point);
      const place = placeAt(fixes, time) ?? last.point;
      return [{ route, traveler, place, trail, old: time - last.time > STAYS / 2 }];
    });
  }

  /** How many notes had been written by a time. */
  notesUntil(time: number): number {
    return indexAt(this.#notes, time) + 1;
  }

  /** The places with the first so many notes, the one with the newest first. */
  placesWith(count: number): NotePlace[] {
    const places = new Map<string, Note[]>();
    for (const note of this.#notes.slice(0, count)) {
      const key = pointKey(note.point);
      const there = places.get(key) ?? [];
      there.push(note);
      places.delete(key);
      places.set(key, there);
    }
    return [...places.values()]
      .reverse()
      .flatMap((notes) => notes.slice(-1).map((newest) => ({ point: newest.point, newest, notes })));
  }

  /** The notes and edits after one time and up to another, in their order; those of `most` that came last. */
  between(after: number, until: number, most = 20): (Note | Edit)[] {
    const inside = ({ time }: { time: number }) => time > after && time <= until;
    return [...this.#notes.filter(inside), ...this.#edits.filter(inside)].sort((a, b) => a.time - b.time).slice(-most);
  }

  #step(route: string, traveler: string, fix: Fix): void {
    const track = this.#tracks.get(route);
    if (track) track.fixes.push(fix);
    else this.#tracks.set(route, { traveler, fixes: [fix] });
  }
}
