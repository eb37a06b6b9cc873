// The page's conversations: the one at the chosen place while the chat is looked at, those that still have notes to send,
// and the places with notes that the map shows.
import { ConnectError } from "@connectrpc/connect";
import { computed, effect, signal, untracked } from "@preact/signals";
import { outward } from "../features/grid";
import { contains, type Rect, samePoint, sameRect } from "../geo";
import * as map from "../map/map";
import { pastPlaces } from "../past/past";
import { wantsClicks } from "../record/recorder";
import { Deletion, deleteOnLeave } from "../routes/undo";
import { deleteNote, type Note } from "../rpc";
import { camera, lookingBack, place, say, traveler, view } from "../state";
import { persisted } from "../ui/persist";
import { arrange } from "./arrange";
import { Bubbles } from "./bubbles";
import type { Conversation } from "./chat";
import { Conversations } from "./conversations";
import { knock } from "./knock";
import { NearbyNotes, type NotePlace, without } from "./nearby";
import { isOwn, tokenOf } from "./own";
import { isUnseen, markSeen } from "./seen";
import { words } from "./words";

const conversations = new Conversations(() => traveler.value);

/** The conversation that is looked at. */
export const conversation = signal<Conversation | null>(null);

/** What the map shows, and nothing beside it. */
let seenArea: Rect | null = null;

export const nearby = new NearbyNotes((note) => {
  if (lookingBack.peek()) return;
  map.pulse(note.point);
  if (!isOwn(note) && seenArea && contains(seenArea, note.point)) knock();
});

export const deletion = new Deletion(
  (id) => deleteNote(id, tokenOf({ id })),
  (_, failure) => say(words.notRemoved(ConnectError.from(failure).rawMessage)),
);

/** The places with notes that the map shows, without the notes that are about to be deleted. */
export const noted = computed(() => without(nearby.state.value.places, deletion.gone.value));

/** How many notes of a place came since one looked at it. */
export function unreadAt({ notes }: NotePlace): number {
  return notes.filter((note) => isUnseen(note) && !isOwn(note)).length;
}

/** Of all places that the map shows. */
export const unread = computed(() => noted.value.reduce((sum, found) => sum + unreadAt(found), 0));

export function remove(note: Note): void {
  const line = note.message.split("\n", 1)[0] ?? "";
  deletion.later(note.id, words.quoted(line.length > 40 ? `${line.slice(0, 40)}…` : line));
}

/** Whether the traveler was asked for a name, and may have given none. */
export const named = persisted("named", false, (text) => text === "true");

/** From now on opens and closes conversations and watches what the map shows; sends what earlier pages could not. */
export function startChats(): void {
  conversations.sendKept();
  deleteOnLeave(deletion);
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
    seenArea = rect;
    const wanted = outward(rect);
    if (area && sameRect(area, wanted)) return;
    area = wanted;
    void nearby.look(wanted);
  });
  readWhatIsSeen();
  drawNotes();
}

/** What is shown while somebody can look at the page has been seen. */
function readWhatIsSeen(): void {
  const looked = signal(document.visibilityState === "visible");
  document.addEventListener("visibilitychange", () => {
    looked.value = document.visibilityState === "visible";
  });
  effect(() => {
    const newest = conversation.value?.notes.value.at(-1);
    if (newest && looked.value) untracked(() => markSeen(newest.point, newest.time));
  });
}

function drawNotes(): void {
  const bubbles = new Bubbles(({ point }) => {
    if (lookingBack.value) return true;
    if (view.value === "record" && wantsClicks.value) return false;
    place.value = { point, name: "" };
    view.value = "chat";
    return true;
  });
  const zoom = computed(() => camera.value.zoom);
  const groups = computed(() => arrange(pastPlaces.value ?? noted.value, zoom.value));
  effect(() => map.setNotes(groups.value));
  effect(() => bubbles.show(groups.value, (found) => !lookingBack.value && unreadAt(found) > 0));
}
