import { pointKey } from "../geo";
import type { Place } from "../state";
import { Conversation } from "./chat";
import { Outbox } from "./outbox";

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
    const kept = Outbox.kept(this.#traveler()).find((k) => pointKey(k.place.point) === pointKey(place.point));
    return kept ? this.#takeUp(kept) : this.#add(place, (end) => Conversation.begin(place, this.#traveler, end));
  }

  /** Sends what earlier pages left unsent. */
  sendKept(): void {
    for (const kept of Outbox.kept(this.#traveler())) {
      if (kept.waits && !this.#byPlace.has(pointKey(kept.place.point))) this.#takeUp(kept).close();
    }
  }

  #takeUp(kept: Outbox): Conversation {
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
