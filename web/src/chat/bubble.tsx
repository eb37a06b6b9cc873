import type { Note, Obstacle } from "../rpc";
import { timeOf } from "../ui/dates";
import type { Pending } from "./outbox";

export function NoteBubble({ note, own, begins }: { note: Note; own: boolean; begins: boolean }) {
  const when = new Date(note.time);
  return (
    <article class={`bubble${own ? " mine" : ""}${begins ? " begins" : ""}`}>
      {begins && (
        <small>
          {own ? "you" : note.traveler || "someone"} · <time dateTime={when.toISOString()}>{timeOf(note.time)}</time>
        </small>
      )}
      <p title={when.toLocaleString()}>{note.message}</p>
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
        <small>you · {obstacle ? `waits for the ${obstacle}` : "sending…"}</small>
        <p>{message}</p>
      </article>
    );
  }
  return (
    <article class="bubble mine begins refused">
      <small>you · not stored</small>
      <p>{message}</p>
      <div role="alert">{refused}</div>
      <footer>
        <button type="button" class="button small" onClick={onEdit}>
          Edit
        </button>
        <button type="button" class="button small quiet" onClick={onDiscard}>
          Discard
        </button>
      </footer>
    </article>
  );
}
