import type { Note, Obstacle } from "../rpc";
import { timeOf } from "../ui/dates";
import { TrashIcon } from "../ui/icons";
import { locale } from "../words/language";
import type { Pending } from "./outbox";
import { words } from "./words";

export interface NoteProps {
  readonly note: Note;
  readonly own: boolean;
  readonly begins: boolean;
  /** null where it cannot be deleted from here. */
  readonly onRemove: (() => void) | null;
}

export function NoteBubble({ note, own, begins, onRemove }: NoteProps) {
  const when = new Date(note.time);
  return (
    <article class={`bubble${own ? " mine" : ""}${begins ? " begins" : ""}`}>
      {begins && (
        <small>
          {own ? words.you : note.traveler || words.someone} ·{" "}
          <time dateTime={when.toISOString()}>{timeOf(note.time)}</time>
        </small>
      )}
      <div class="bubble-line">
        {onRemove && (
          <button
            type="button"
            class="icon-button small"
            aria-label={words.remove}
            title={words.remove}
            onClick={onRemove}
          >
            <TrashIcon />
          </button>
        )}
        <p title={when.toLocaleString(locale())}>{note.message}</p>
      </div>
    </article>
  );
}

export interface PendingProps {
  readonly pending: Pending;
  /** What it waits for; null when it is being sent. */
  readonly obstacle: Obstacle | null;
  readonly onEdit: () => void;
  readonly onDiscard: () => void;
}

/** A note that is not known to be stored. */
export function PendingBubble({ pending, obstacle, onEdit, onDiscard }: PendingProps) {
  const { message, refused } = pending;
  if (refused === null) {
    return (
      <article class="bubble mine begins pending">
        <small>
          {words.you} · {obstacle ? words.waitsFor[obstacle] : words.sending}
        </small>
        <p>{message}</p>
      </article>
    );
  }
  return (
    <article class="bubble mine begins refused">
      <small>
        {words.you} · {words.notStored}
      </small>
      <p>{message}</p>
      <div role="alert">{refused}</div>
      <footer>
        <button type="button" class="button small" onClick={onEdit}>
          {words.edit}
        </button>
        <button type="button" class="button small quiet" onClick={onDiscard}>
          {words.discard}
        </button>
      </footer>
    </article>
  );
}
