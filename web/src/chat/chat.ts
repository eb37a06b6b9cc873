// The conversation at one place: its notes as the server has them, and what was written here and is not stored yet.
//
// Reading is a watch, writing a chat. A note that was written is pending until the watch shows it. After a lost
// connection those that may not be stored are sent again under the numbers they had; the server stores none twice.
import { Code, ConnectError } from "@connectrpc/connect";
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type ChatNote, type Note, type Obstacle, routeChat, watchNotes } from "../rpc";
import type { Place } from "../state";
import { Outbox, type Pending } from "./outbox";

/** Bytes of UTF-8 that a message may have. */
export const LONGEST_MESSAGE = 4096;

/** How many of the newest stored notes a place begins with, and how many it has in memory. */
const HISTORY = 200;
const MOST_NOTES = 1000;

export type Reading =
  | { readonly kind: "loading" }
  | { readonly kind: "live" }
  /** The watch is over and being tried again. */
  | { readonly kind: "lost"; readonly by: Obstacle }
  | { readonly kind: "failed"; readonly reason: string };

export class Conversation {
  /** What notes that are written here wait for; null when they are being sent, or there is none. */
  readonly obstacle: ReadonlySignal<Obstacle | null> = computed(() => {
    const reading = this.#reading.value;
    if (reading.kind === "lost") return reading.by;
    return this.#refusing.value && this.#outbox.pending.value.some((p) => p.refused === null) ? "server" : null;
  });
  readonly #outbox: Outbox;
  readonly #traveler: () => string;
  readonly #onEnd: () => void;
  readonly #notes = signal<readonly Note[]>([]);
  readonly #reading = signal<Reading>({ kind: "loading" });
  readonly #refusing = signal(false); // The server said last that it cannot store notes just now.
  readonly #over = new AbortController();
  readonly #waiters = new Set<() => void>();
  #sending = false;
  #open = true;

  private constructor(outbox: Outbox, history: number, traveler: () => string, onEnd: () => void) {
    this.#outbox = outbox;
    this.#traveler = traveler;
    this.#onEnd = onEnd;
    this.#read(history);
    if (outbox.waits) this.#send();
  }

  get place(): Place {
    return this.#outbox.place;
  }

  /** Stored notes, the oldest first. */
  get notes(): ReadonlySignal<readonly Note[]> {
    return this.#notes;
  }

  /** Notes written here that are not known to be stored, the oldest first. */
  get pending(): ReadonlySignal<readonly Pending[]> {
    return this.#outbox.pending;
  }

  get reading(): ReadonlySignal<Reading> {
    return this.#reading;
  }

  /** Leaves a note of 1 to LONGEST_MESSAGE bytes. */
  write(message: string, written = Date.now()): void {
    this.#outbox.add(message, this.#traveler(), written);
    this.#changed();
    if (!this.#sending) this.#send();
  }

  /** Forgets a note that was refused. */
  discard(id: number): void {
    this.#outbox.discard(id);
  }

  /** Nobody looks at the place any more. The conversation ends when everything written here is stored. */
  close(): void {
    this.#open = false;
    this.#changed();
    this.#endIfDone();
  }

  static begin(place: Place, traveler: () => string, onEnd: () => void): Conversation {
    return new Conversation(Outbox.at(place), HISTORY, traveler, onEnd);
  }

  /** Goes on with what an earlier page could not finish. It looks far enough back to see which notes are stored. */
  static takeUp(outbox: Outbox, traveler: () => string, onEnd: () => void): Conversation {
    return new Conversation(outbox, MOST_NOTES, traveler, onEnd);
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
    const stored = (note: Note) => {
      if (!this.#outbox.show(note)) return;
      this.#refusing.value = false;
      this.#changed();
    };
    const { point } = this.place;
    const watch = {
      area: { south: point.lat, north: point.lat, west: point.lng, east: point.lng },
      cursor: "",
      history,
      onNote: (note: Note) => {
        stored(note);
        if (known.has(note.id)) return;
        known.add(note.id);
        unseen.push(note);
        if (this.#reading.value.kind === "live") show();
      },
      onDeleted: (note: Note) => {
        stored(note); // it was
        known.add(note.id);
        const others = (list: readonly Note[]) => list.filter(({ id }) => id !== note.id);
        unseen = others(unseen);
        this.#notes.value = others(this.#notes.value);
      },
      onLive: () => {
        show();
        this.#reading.value = { kind: "live" };
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
    }
  }

  /** Sends what waits and what comes, until the conversation is closed and nothing waits any more. */
  async #send(): Promise<void> {
    this.#sending = true;
    // The server does not say which note it refuses. They then go one a call, until one is found.
    let atOnce = Number.POSITIVE_INFINITY;
    let anew = false;
    for (let first = this.#first(); first; first = this.#first()) {
      let tried = first;
      try {
        const next = await this.#sendSome(atOnce, first.traveler, (note) => {
          tried = note;
        });
        this.#outbox.settle(next);
        atOnce = Number.POSITIVE_INFINITY;
        anew = false;
      } catch (failure) {
        const error = ConnectError.from(failure);
        const unknown = error.code === Code.OutOfRange; // The server has fewer notes of the chat.
        const taken = error.code === Code.AlreadyExists; // The server has another note under this number.
        if (atOnce > 1 && !unknown) {
          atOnce = 1;
          continue;
        }
        if ((unknown || taken) && !anew) this.#outbox.beginAnew();
        else this.#outbox.refuse(tried, reasonOf(error));
        anew = unknown || taken;
        atOnce = Number.POSITIVE_INFINITY;
      }
    }
    this.#sending = false;
    this.#endIfDone();
  }

  #first(): Pending | undefined {
    return this.#outbox.numbered(this.#outbox.stored);
  }

  /** One chat of at most so many notes; resolves, when all of them are stored, with the number after the last. */
  async #sendSome(most: number, traveler: string, onTry: (note: Pending) => void): Promise<number> {
    const outbox = this.#outbox;
    let next = outbox.stored;
    // A call sends notes of one traveler, and leaves none out: it ends where it cannot.
    const notes = async function* (this: Conversation, from: number, over: AbortSignal): AsyncGenerator<ChatNote> {
      for (next = from; next < from + most && !over.aborted; ) {
        const note = outbox.numbered(next);
        if (note?.traveler === traveler) {
          onTry(note);
          next++;
          yield { point: this.place.point, message: note.message };
        } else if (note || outbox.isShown(next) || !this.#open) {
          return;
        } else {
          const news = () => outbox.numbered(next) !== undefined || outbox.isShown(next) || !this.#open;
          await this.#until(news, over).catch(() => undefined);
        }
      }
    }.bind(this);
    const chat = {
      token: outbox.token,
      traveler,
      first: () => outbox.stored,
      onOpen: (chatId: string) => outbox.opened(chatId),
      notes,
      onLost: (by: Obstacle) => {
        this.#refusing.value = by === "server";
      },
    };
    await routeChat(chat, this.#over.signal);
    return next;
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

function reasonOf(error: ConnectError): string {
  return error.code === Code.InvalidArgument ? error.rawMessage : `The server could not store it: ${error.rawMessage}`;
}
