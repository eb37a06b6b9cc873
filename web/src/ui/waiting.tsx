// What was made here and the server does not have yet.
import { computed } from "@preact/signals";
import { conversations } from "../chat/chats";
import { splitName } from "../features/features";
import { formatPoint } from "../geo";
import { nameOf } from "../record/draft";
import { recorder, unfinished } from "../record/recorder";
import { words as record } from "../record/words";
import { place, view } from "../state";
import { dialog } from "./dialogs";
import { words } from "./words";

interface Waiting {
  readonly title: string;
  readonly detail: string;
  /** Goes where it was made. */
  show(): void;
}

const notes = computed<Waiting[]>(() =>
  conversations.all.value.flatMap((conversation) => {
    const held = conversation.obstacle.value !== null;
    const pending = conversation.pending.value.filter((note) => held || note.refused !== null);
    const { place: here } = conversation;
    return pending.map((note) => ({
      title: note.message,
      detail: splitName(here.name)[0] || formatPoint(here.point),
      show() {
        place.value = here;
        view.value = "chat";
      },
    }));
  }),
);

const routes = computed<Waiting[]>(() => {
  const state = recorder.state.value;
  const track = "track" in state && state.kind !== "finished" ? state.track : null;
  const held = track && (track.link === "lost" || track.link === "refused") ? [track] : [];
  const show = () => {
    view.value = "record";
  };
  return [
    ...held.map((t) => ({ title: nameOf(t), detail: words.waitingPoints(t.count - t.sent), show })),
    ...unfinished.value.map((draft) => ({ title: nameOf(draft), detail: record.unfinished, show })),
  ];
});

const waiting = computed(() => [...notes.value, ...routes.value]);

/** How much waits; a click lists it. */
export function WaitingBadge() {
  const count = waiting.value.length;
  if (count === 0) return null;
  return (
    <button
      type="button"
      class="waiting-badge"
      title={words.waiting}
      onClick={() => {
        dialog.value = "waiting";
      }}
    >
      {words.waitingCount(count)}
    </button>
  );
}

export function WaitingList() {
  if (waiting.value.length === 0) return <p class="dim">{words.waitingNone}</p>;
  return (
    <div class="prose">
      <p>{words.waitingHint}</p>
      <ul class="waiting-list">
        {waiting.value.map((item, i) => (
          <li key={`${i} ${item.title}`}>
            <button
              type="button"
              class="row"
              onClick={() => {
                dialog.value = null;
                item.show();
              }}
            >
              <span class="row-text">
                <span>{item.title}</span>
                <small>{item.detail}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
