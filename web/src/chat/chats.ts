// The page's conversations: the one at the chosen place while the chat is looked at, those that still have notes to send,
// and the places with notes that the map shows.
import { effect, signal, untracked } from "@preact/signals";
import { outward } from "../features/grid";
import { type Rect, samePoint, sameRect } from "../geo";
import * as map from "../map/map";
import { place, traveler, view } from "../state";
import { persisted } from "../ui/persist";
import type { Conversation } from "./chat";
import { Conversations } from "./conversations";
import { NearbyNotes } from "./nearby";

const conversations = new Conversations(() => traveler.value);

/** The conversation that is looked at. */
export const conversation = signal<Conversation | null>(null);

export const nearby = new NearbyNotes((note) => map.pulse(note.point));

/** Whether the traveler was asked for a name, and may have given none. */
export const named = persisted("named", false, (text) => text === "true");

/** From now on opens and closes conversations and watches what the map shows; sends what earlier pages could not. */
export function startChats(): void {
  conversations.sendKept();
  effect(() => {
    const wanted = view.value === "chat" ? place.value : null;
    untracked(() => {
      const current = conversation.value;
      if (current && wanted && samePoint(current.place.point, wanted.point)) return;
      current?.close();
      conversation.value = wanted && conversations.open(wanted);
    });
  });
  let area: Rect | null = null;
  map.onRest(({ rect }) => {
    const wanted = outward(rect);
    if (area && sameRect(area, wanted)) return;
    area = wanted;
    void nearby.look(wanted);
  });
  effect(() => map.setNotes(nearby.state.value.places.map((p) => p.point)));
}
