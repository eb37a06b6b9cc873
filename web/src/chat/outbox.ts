// The notes of one chat that are not known to be stored. The browser keeps them, so that a later page sends them.
//
// The server numbers the notes of a chat from 0 as it stores them. Those that wait here have the numbers after that, in
// their order; one that the server refused has none.
import { type ReadonlySignal, signal } from "@preact/signals";
import { isValid } from "../geo";
import { randomName } from "../random";
import type { Note } from "../rpc";
import type { Place } from "../state";
import { forget, keptNames, recall, remember } from "../ui/persist";
import { addOwnChat, chatOf } from "./own";

export interface Pending {
  /** Among the pending notes of its chat. */
  readonly id: number;
  readonly message: string;
  /** The name that it is written under; the same when it is sent again. */
  readonly traveler: string;
  /** Milliseconds since the epoch. */
  readonly written: number;
  /** Why the server does not take it; null while it may. */
  readonly refused: string | null;
}

/** What the browser keeps while something is pending. */
interface Kept {
  readonly token: string;
  readonly chatId: string | null;
  readonly stored: number;
  readonly place: Place;
  readonly pending: readonly Pending[];
}

const prefix = "chat.";

export class Outbox {
  readonly place: Place;
  readonly #name: string;
  readonly #pending = signal<readonly Pending[]>([]);
  #token: string;
  #chatId: string | null;
  #stored: number;
  /** The number of the first that waits. It may be stored already, and the watch has yet to show it. */
  #first: number;

  private constructor(name: string, kept: Kept) {
    this.place = kept.place;
    this.#name = name;
    this.#token = kept.token;
    this.#chatId = kept.chatId;
    this.#stored = kept.stored;
    this.#first = kept.stored;
    this.#pending.value = kept.pending;
    this.#keep();
  }

  static at(place: Place): Outbox {
    return new Outbox(randomName(), { token: randomName(), chatId: null, stored: 0, place, pending: [] });
  }

  /** What earlier pages left unsent. `traveler` is who wrote it where that was not kept. */
  static kept(traveler: string): Outbox[] {
    return keptNames(prefix).flatMap((name) => {
      const kept = parse(recall(name) ?? "", traveler);
      return kept ? [new Outbox(name.slice(prefix.length), kept)] : [];
    });
  }

  /** The oldest first. */
  get pending(): ReadonlySignal<readonly Pending[]> {
    return this.#pending;
  }

  /** Lets a call go on with the chat, so nobody else may know it. */
  get token(): string {
    return this.#token;
  }

  /** How many notes of the chat are known to be stored: the number of the next to send. */
  get stored(): number {
    return this.#stored;
  }

  /** Whether there is something to send. */
  get waits(): boolean {
    return this.numbered(this.#stored) !== undefined;
  }

  /** The note that waits under a number; undefined for none, also when it is shown to be stored. */
  numbered(number: number): Pending | undefined {
    return this.#waiting()[number - this.#first];
  }

  /** Whether the watch has shown the note with this number. */
  isShown(number: number): boolean {
    return number < this.#first;
  }

  add(message: string, traveler: string, written: number): void {
    const id = Math.max(-1, ...this.#pending.value.map((p) => p.id)) + 1;
    this.#change([...this.#pending.value, { id, message, traveler, written, refused: null }]);
  }

  /** Forgets a note that was refused. */
  discard(id: number): void {
    this.#change(this.#pending.value.filter((p) => p.id !== id || p.refused === null));
  }

  /** A call with the token has got through: this is the server's name for the chat. */
  opened(chatId: string): void {
    this.#chatId = chatId;
    addOwnChat(chatId, this.#token);
    this.#keep();
  }

  /** The notes with lower numbers than this are stored. They stay pending until the watch shows them. */
  settle(number: number): void {
    this.#stored = Math.max(this.#stored, number);
    this.#keep();
  }

  /** The watch shows a note; true if it was pending. Then it is stored, and all before it are. */
  show(note: Note): boolean {
    if (chatOf(note) !== this.#chatId) return false;
    const number = Number(note.id.slice(this.#chatId.length + 1));
    // Another page of this browser may go on with the same chat, and write other notes.
    if (this.numbered(number)?.message !== note.message) return false;
    const shown = this.#waiting().slice(0, number + 1 - this.#first);
    this.#first = number + 1;
    this.#stored = Math.max(this.#stored, this.#first);
    this.#change(this.#pending.value.filter((p) => !shown.includes(p)));
    return true;
  }

  refuse(note: Pending, reason: string): void {
    this.#change(this.#pending.value.map((p) => (p === note ? { ...p, refused: reason } : p)));
  }

  /** Makes what waits the beginning of a new chat: in this one the server has other notes than we know of. */
  beginAnew(): void {
    const pending = this.#unsent();
    this.#token = randomName();
    this.#chatId = null;
    this.#first = 0;
    this.#stored = 0;
    this.#change(pending);
  }

  #waiting(): readonly Pending[] {
    return this.#pending.value.filter((p) => p.refused === null);
  }

  /** All but those that are stored. */
  #unsent(): readonly Pending[] {
    const stored = this.#waiting().slice(0, this.#stored - this.#first);
    return this.#pending.value.filter((p) => !stored.includes(p));
  }

  #change(pending: readonly Pending[]): void {
    this.#pending.value = pending;
    this.#keep();
  }

  #keep(): void {
    const pending = this.#unsent();
    const [token, chatId, stored, place] = [this.#token, this.#chatId, this.#stored, this.place];
    const kept: Kept = { token, chatId, stored, place, pending };
    if (pending.length > 0) remember(prefix + this.#name, JSON.stringify(kept));
    else forget(prefix + this.#name);
  }
}

/** What pages kept before there were tokens; the rest of it is of no use any more. */
interface KeptBefore {
  readonly token?: undefined;
  readonly place: Place;
  readonly pending: readonly Omit<Pending, "id" | "traveler">[];
}

function parse(text: string, traveler: string): Kept | null {
  try {
    const kept = JSON.parse(text) as Kept | KeptBefore;
    const { place } = kept;
    if (!isValid(place.point) || !kept.pending.every(isPending)) return null;
    const pending = kept.pending.map((p, id) => ({ id, traveler, ...p }));
    // Without its token nobody goes on with a chat: what waits is sent in a new one.
    const chat = kept.token ? kept : { token: randomName(), chatId: null, stored: 0 };
    return { token: chat.token, chatId: chat.chatId, stored: chat.stored, place, pending };
  } catch {
    return null;
  }
}

function isPending(p: Omit<Pending, "id" | "traveler">): boolean {
  return typeof p.message === "string" && typeof p.written === "number";
}
