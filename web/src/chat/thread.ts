// A place's notes as one reads them: by day, and what one traveler wrote in one go under one name.
import type { Note } from "../rpc";
import { dayOf } from "../ui/dates";

export type ThreadItem =
  | { readonly kind: "day"; readonly key: string; readonly day: string }
  /** `begins`: it carries the name and the time, as those that follow at once do not. */
  | {
      readonly kind: "note";
      readonly key: string;
      readonly note: Note;
      readonly own: boolean;
      readonly begins: boolean;
    };

/** Milliseconds after which the same traveler's next note stands for itself. */
const PAUSE = 5 * 60_000;

export function threadOf(notes: readonly Note[], isOwn: (note: Note) => boolean, now = Date.now()): ThreadItem[] {
  const items: ThreadItem[] = [];
  let before: Note | undefined;
  for (const note of notes) {
    const day = dayOf(note.time, now);
    const newDay = !before || day !== dayOf(before.time, now);
    if (newDay) items.push({ kind: "day", key: `day ${note.id}`, day });
    const own = isOwn(note);
    const goesOn =
      before !== undefined &&
      !newDay &&
      before.traveler === note.traveler &&
      isOwn(before) === own &&
      note.time - before.time < PAUSE;
    items.push({ kind: "note", key: note.id, note, own, begins: !goesOn });
    before = note;
  }
  return items;
}
