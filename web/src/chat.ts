// The conversation at one place: its notes as the server has them, and what was written here and is not stored yet.
//
// Reading is a watch, writing a chat. A note that was written is pending until the watch shows its id. After a lost
// connection the watch catches up first, then only what it did not show is sent again, under the numbers it had. Pending
// notes are kept by the browser, so that a later page sends them.
import { Code, ConnectError } from "@connectrpc/connect";
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { forget, recall, remember } from "./persist";
import { type ChatNote, type Note, newId, type Obstacle, routeChat, watchNotes } from "./rpc";
import type { Place } from "./state";

/** Bytes of UTF-8 that a message may have. */
export const LONGEST_MESSAGE = 4096;

/** How many of the newest stored notes a place begins with, and how many it has in memory. */
const HISTORY = 200;
const MOST_NOTES = 1000;

/** A note that is not known to be stored. */
export interface Pending {
  /** Its id at the server is `<chat>.<number>`. */
  readonly number: number;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly written: number;
  /** Why the server does not take it; null while it may. */
  readonly refused: string | null;
}

export type Reading =
  | { readonly kind: "loading" }
  | { readonly kind: "live" }
  /** The watch is over and being tried again. */
  | { readonly kind: "lost"; readonly by: Obstacle }
  | { readonly kind: "failed"; readonly reason: string };

/** What the browser keeps of a conversation while something is pending. */
export interface Kept {
  readonly chatId: string;
  readonly place: Place;
  readonly next: number;
  readonly pending: readonly Pending[];
}

export const keptPrefix = "chat.";

/** This browser, as the ids of its chats begin, so that it knows its own notes again. */
const browser = recall("browser") ?? newId().slice(0, 16);
remember("browser", browser);

/** Whether a note was written in this browser. */
export function isOwn(note: Note): boolean {
  return note.id.startsWith(`${browser}-`);
}

export class Conversation {
  readonly place: Place;
  /** What notes that are written here wait for; null when they are being sent, or there is none. */
  readonly obstacle: ReadonlySignal<Obstacle | null> = computed(() => {
    const reading = this.#reading.value;
    if (reading.kind === "lost") return reading.by;
    return this.#refusing.value && this.#pending.value.some((p) => p.refused === null) ? "server" : null;
  });
  readonly #chatId: string;
  readonly #traveler: () => string;
  readonly #onEnd: () => void;
  readonly #notes = signal<readonly Note[]>([]);
  readonly #pending = signal<readonly Pending[]>([]);
  readonly #reading = signal<Reading>({ kind: "loading" });
  readonly #refusing = signal(false); // The server said last that it cannot store notes just now.
  readonly #over = new AbortController();
  readonly #waiters = new Set<() => void>();
  #next: number;
  #settled = 0; // Notes with lower numbers are stored, also those that the watch has yet to show.
  #sending = false;
  #tried: boolean; // A note may have been sent, by an earlier page too.
  #open = true;

  private constructor(kept: Kept, history: number, traveler: () => string, onEnd: () => void) {
    this.place = kept.place;
    this.#chatId = kept.chatId;
    this.#next = kept.next;
    this.#tried = kept.pending.length > 0;
    this.#pending.value = kept.pending;
    this.#traveler = traveler;
    this.#onEnd = onEnd;
    this.#read(history);
    if (this.#firstWaiting() !== undefined) this.#send();
  }

  /** Stored notes, the oldest first. */
  get notes(): ReadonlySignal<readonly Note[]> {
    return this.#notes;
  }

  /** Notes written here that are not known to be stored, the oldest first. */
  get pending(): ReadonlySignal<readonly Pending[]> {
    return this.#pending;
  }

  get reading(): ReadonlySignal<Reading> {
    return this.#reading;
  }

  /** Leaves a note of 1 to LONGEST_MESSAGE bytes. */
  write(message: string, written = Date.now()): void {
    this.#change([...this.#pending.value, { number: this.#next++, message, written, refused: null }]);
    if (!this.#sending) this.#send();
  }

  /** Forgets a note that was refused. */
  discard(number: number): void {
    this.#change(this.#pending.value.filter((p) => p.number !== number || p.refused === null));
  }

  /** Nobody looks at the place any more. The conversation ends when everything written here is stored. */
  close(): void {
    this.#open = false;
    this.#changed();
    this.#endIfDone();
  }

  static begin(place: Place, traveler: () => string, onEnd: () => void): Conversation {
    const chatId = `${browser}-${newId().slice(0, 16)}`;
    return new Conversation({ chatId, place, next: 0, pending: [] }, HISTORY, traveler, onEnd);
  }

  /** Goes on with what an earlier page could not finish. It looks far enough back to see which notes are stored. */
  static takeUp(kept: Kept, traveler: () => string, onEnd: () => void): Conversation {
    return new Conversation(kept, MOST_NOTES, traveler, onEnd);
  }

  /** Takes back a `close`; false when the conversation has ended already. */
  reopen(): boolean {
    this.#open = !this.#over.signal.aborted;
    return this.#open;
  }

  #endIfDone(): void {
    if (this.#open || this.#sending || this.#over.signal.aborted) return;
    this.#over.abort();
    this.#onEnd();
  }

  async #read(history: number): Promise<void> {
    const known = new Set<string>();
    let unseen: Note[] = [];
    const show = () => {
      this.#notes.value = [...this.#notes.value, ...unseen].slice(-MOST_NOTES);
      unseen = [];
    };
    const { point } = this.place;
    const watch = {
      area: { south: point.lat, north: point.lat, west: point.lng, east: point.lng },
      cursor: "",
      history,
      onNote: (note: Note) => {
        this.#stored(note.id);
        if (known.has(note.id)) return;
        known.add(note.id);
        unseen.push(note);
        if (this.#reading.value.kind === "live") show();
      },
      onLive: () => {
        show();
        this.#reading.value = { kind: "live" };
        this.#changed();
      },
      onLost: (by: Obstacle) => {
        this.#reading.value = { kind: "lost", by };
      },
    };
    try {
      await watchNotes(watch, this.#over.signal);
    } catch (failure) {
      if (this.#over.signal.aborted) return;
      this.#reading.value = { kind: "failed", reason: ConnectError.from(failure).rawMessage };
      this.#changed();
    }
  }

  /** Sends what waits and what comes, until the conversation is closed and nothing waits any more. */
  async #send(): Promise<void> {
    this.#sending = true;
    // The server does not say which note it refuses. They then go one a call, until one is found.
    let atOnce = Number.POSITIVE_INFINITY;
    for (let first = this.#firstWaiting(); first !== undefined; first = this.#firstWaiting()) {
      let tried = first;
      try {
        this.#settled = await this.#sendSome(atOnce, (number) => {
          tried = number;
        });
        this.#keep();
        atOnce = Number.POSITIVE_INFINITY;
      } catch (failure) {
        const found = atOnce === 1;
        if (found) this.#refuse(tried, ConnectError.from(failure));
        atOnce = found ? Number.POSITIVE_INFINITY : 1;
      }
    }
    this.#sending = false;
    this.#endIfDone();
  }

  /** One chat of at most so many notes; resolves, when all of them are stored, with the number after the last. */
  async #sendSome(most: number, onTry: (number: number) => void): Promise<number> {
    const traveler = this.#traveler();
    let next = this.#settled;
    // Numbers in a chat have no gaps, and it has one name: it ends where either changes.
    const notes = async function* (this: Conversation, from: number, over: AbortSignal): AsyncGenerator<ChatNote> {
      for (next = from; next < from + most && !over.aborted; ) {
        const note = this.#pending.value.find((p) => p.number >= next && p.refused === null);
        if (note?.number === next && traveler === this.#traveler()) {
          this.#tried = true;
          onTry(next++);
          yield { point: this.place.point, message: note.message };
        } else if (note || !this.#open) {
          return;
        } else {
          const before = this.#next;
          await this.#until(() => this.#next > before || !this.#open, over).catch(() => undefined);
        }
      }
    }.bind(this);
    const resume = async (signal: AbortSignal) => {
      await this.#until(() => this.#reading.value.kind === "live" || this.#reading.value.kind === "failed", signal);
      return this.#tried ? (this.#firstWaiting() ?? this.#next) : null;
    };
    const onLost = (by: Obstacle) => {
      this.#refusing.value = by === "server";
    };
    await routeChat({ chatId: this.#chatId, traveler, resume, notes, onLost }, this.#over.signal);
    return next;
  }

  #firstWaiting(): number | undefined {
    return this.#pending.value.find((p) => p.refused === null && p.number >= this.#settled)?.number;
  }

  #stored(id: string): void {
    if (!id.startsWith(`${this.#chatId}.`)) return;
    const number = Number(id.slice(this.#chatId.length + 1));
    if (this.#pending.value.some((p) => p.number === number)) {
      this.#refusing.value = false;
      this.#change(this.#pending.value.filter((p) => p.number !== number));
    }
  }

  #refuse(number: number | undefined, error: ConnectError): void {
    const refused =
      error.code === Code.InvalidArgument ? error.rawMessage : `The server could not store it: ${error.rawMessage}`;
    this.#change(this.#pending.value.map((p) => (p.number === number ? { ...p, refused } : p)));
  }

  #change(pending: readonly Pending[]): void {
    this.#pending.value = pending;
    this.#keep();
    this.#changed();
  }

  #keep(): void {
    const pending = this.#pending.value.filter((p) => p.refused !== null || p.number >= this.#settled);
    const kept: Kept = { chatId: this.#chatId, place: this.place, next: this.#next, pending };
    if (pending.length > 0) remember(keptPrefix + this.#chatId, JSON.stringify(kept));
    else forget(keptPrefix + this.#chatId);
  }

  #changed(): void {
    for (const look of [...this.#waiters]) look();
  }

  async #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (signal.aborted) reject(signal.reason);
        else if (condition()) resolve();
        else return;
        this.#waiters.delete(look);
        signal.removeEventListener("abort", look);
      };
      this.#waiters.add(look);
      signal.addEventListener("abort", look);
      look();
    });
  }
}
