import { Conversation, type Kept, keptPrefix, type Pending } from "./chat";
import { isValid, pointKey } from "./geo";
import { keptNames, recall } from "./persist";
import type { Place } from "./state";

/** The conversations of this page: the one that is looked at, and those that still have something to send. */
export class Conversations {
  readonly #traveler: () => string;
  readonly #byPlace = new Map<string, Conversation>();

  constructor(traveler: () => string) {
    this.#traveler = traveler;
  }

  /** The conversation at a place. Close it when the place is left. */
  open(place: Place): Conversation {
    const running = this.#byPlace.get(pointKey(place.point));
    if (running?.reopen()) return running;
    const kept = keptConversations().find((k) => pointKey(k.place.point) === pointKey(place.point));
    return kept ? this.#takeUp(kept) : this.#add(place, (end) => Conversation.begin(place, this.#traveler, end));
  }

  /** Sends what earlier pages left unsent. */
  sendKept(): void {
    for (const kept of keptConversations()) {
      const waits = kept.pending.some((p) => p.refused === null);
      if (waits && !this.#byPlace.has(pointKey(kept.place.point))) this.#takeUp(kept).close();
    }
  }

  #takeUp(kept: Kept): Conversation {
    return this.#add(kept.place, (end) => Conversation.takeUp(kept, this.#traveler, end));
  }

  #add(place: Place, make: (onEnd: () => void) => Conversation): Conversation {
    const key = pointKey(place.point);
    const conversation: Conversation = make(() => {
      if (this.#byPlace.get(key) === conversation) this.#byPlace.delete(key);
    });
    this.#byPlace.set(key, conversation);
    return conversation;
  }
}

function keptConversations(): Kept[] {
  return keptNames(keptPrefix)
    .map((name) => parseKept(recall(name) ?? ""))
    .filter((kept) => kept !== null);
}

function parseKept(text: string): Kept | null {
  try {
    const { chatId, place, next, pending } = JSON.parse(text) as Kept;
    const whole =
      typeof chatId === "string" && typeof next === "number" && isValid(place.point) && pending.every(isPending);
    return whole ? { chatId, place, next, pending } : null;
  } catch {
    return null;
  }
}

function isPending(p: Pending): boolean {
  return Number.isInteger(p.number) && typeof p.message === "string" && typeof p.written === "number";
}
