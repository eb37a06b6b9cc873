import type { Note, Obstacle } from "../rpc";
import { fullTimeOf, timeOf } from "../ui/dates";
import { chat as words } from "../words/words";
import type { Pending } from "./outbox";

export function NoteBubble({ note, own, begins }: { note: Note; own: boolean; begins: boolean }) {
  const when = new Date(note.time);
  return (
    <article class={`bubble${own ? " mine" : ""}${begins ? " begins" : ""}`}>
      {begins && (
        <small>
          {own ? words.you : note.traveler || words.someone} ·{" "}
          <time dateTime={when.toISOString()}>{timeOf(note.time)}</time>
        </small>
      )}
      <p title={fullTimeOf(note.time)}>{note.message}</p>
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
          {words.you} · {obstacle ? words.waits[obstacle] : words.sending}
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
