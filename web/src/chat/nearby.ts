// The places with notes in an area, live.
import { ConnectError } from "@connectrpc/connect";
import { type ReadonlySignal, signal } from "@preact/signals";
import { type Point, pointKey, type Rect } from "../geo";
import { type Note, watchNotes } from "../rpc";

/** Newest stored notes that an area begins with. */
const HISTORY = 500;
const MOST_PLACES = 1000;

export interface NotePlace {
  readonly point: Point;
  readonly newest: Note;
  /** Those among the newest of the area, the oldest first. */
  readonly notes: readonly Note[];
}

export type Nearby =
  | { readonly kind: "loading"; readonly places: readonly NotePlace[] }
  | { readonly kind: "live"; readonly places: readonly NotePlace[] }
  | { readonly kind: "failed"; readonly places: readonly NotePlace[]; readonly reason: string };

/** Watches one area at a time. */
export class NearbyNotes {
  readonly #state = signal<Nearby>({ kind: "loading", places: [] });
  readonly #onNew: (note: Note) => void;
  #watch = new AbortController();

  /** `onNew` is told of notes as they are written, not of older ones. */
  constructor(onNew: (note: Note) => void) {
    this.#onNew = onNew;
  }

  /** Places with the newest note first. Those of the area before stay until the new one is known. */
  get state(): ReadonlySignal<Nearby> {
    return this.#state;
  }

  /** Watches another area from now on. */
  async look(area: Rect): Promise<void> {
    this.#watch.abort();
    const watch = new AbortController();
    this.#watch = watch;
    this.#state.value = { kind: "loading", places: this.#state.value.places };
    const places = new Map<string, Note[]>();
    let live = false;
    const show = () => {
      const newestFirst = [...places.values()].reverse().slice(0, MOST_PLACES);
      this.#state.value = { kind: "live", places: newestFirst.flatMap(placeOf) };
    };
    try {
      await watchNotes(
        {
          area,
          cursor: "",
          history: HISTORY,
          onNote: (note) => {
            const key = pointKey(note.point);
            const there = places.get(key) ?? [];
            there.push(note);
            // Deleted first, so that the newest place is always the last.
            places.delete(key);
            places.set(key, there);
            if (!live) return;
            show();
            this.#onNew(note);
          },
          onDeleted: (note) => {
            const key = pointKey(note.point);
            const left = (places.get(key) ?? []).filter(({ id }) => id !== note.id);
            if (left.length > 0) places.set(key, left);
            else places.delete(key);
            if (live) show();
          },
          onLive: () => {
            live = true;
            show();
          },
          onLost: () => {},
        },
        watch.signal,
      );
    } catch (failure) {
      if (watch.signal.aborted) return;
      this.#state.value = {
        kind: "failed",
        places: this.#state.value.places,
        reason: ConnectError.from(failure).rawMessage,
      };
    }
  }

  /** Stops watching. */
  close(): void {
    this.#watch.abort();
  }
}

/** The places without some of their notes, and without those that then have none. */
export function without(places: readonly NotePlace[], gone: ReadonlySet<string>): readonly NotePlace[] {
  if (gone.size === 0) return places;
  return places.flatMap(({ notes }) => placeOf(notes.filter(({ id }) => !gone.has(id))));
}

function placeOf(notes: readonly Note[]): NotePlace[] {
  const newest = notes.at(-1);
  return newest ? [{ point: newest.point, newest, notes: [...notes] }] : [];
}
