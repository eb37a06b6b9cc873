import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { splitName } from "../features/features";
import { words as featureWords } from "../features/words";
import { formatPoint } from "../geo";
import { flyTo } from "../map/map";
import { place } from "../state";
import { ChatIcon, CloseIcon } from "../ui/icons";
import { NoteBubble, PendingBubble } from "./bubble";
import type { Conversation } from "./chat";
import { conversation, deletion, remove } from "./chats";
import { Composer } from "./composer";
import { NearbyPlaces } from "./nearby-list";
import { isOwn, tokenOf } from "./own";
import { threadOf } from "./thread";
import { words } from "./words";

/** The conversation at the chosen place, or the places to choose from. */
export function ChatPanel() {
  const current = conversation.value;
  return current ? (
    <PlaceChat key={`${current.place.point.lat} ${current.place.point.lng}`} chat={current} />
  ) : (
    <NearbyPlaces />
  );
}

function PlaceChat({ chat }: { chat: Conversation }) {
  // A text that was begun at a place is still there when one comes back.
  const key = formatPoint(chat.place.point);
  const [text, setText] = useState(() => unsent.get(key) ?? "");
  useEffect(() => {
    if (text) unsent.set(key, text);
    else unsent.delete(key);
  }, [key, text]);

  return (
    <div class="chat">
      <PlaceHead />
      <Thread chat={chat} onEdit={setText} />
      <Composer text={text} onText={setText} onSend={(message) => chat.write(message)} />
    </div>
  );
}

const unsent = new Map<string, string>();

function PlaceHead() {
  const here = place.value;
  if (!here) return null;
  return (
    <header class="chat-place">
      <h2>
        <button type="button" class="row" title={here.name || words.showOnMap} onClick={() => flyTo(here.point)}>
          <i aria-hidden="true" />
          <span class="row-text">
            <span>{splitName(here.name)[0] || featureWords.nameless}</span>
            <small>{formatPoint(here.point)}</small>
          </span>
        </button>
      </h2>
      <button
        type="button"
        class="icon-button small"
        aria-label={words.back}
        title={words.back}
        onClick={() => {
          place.value = null;
        }}
      >
        <CloseIcon />
      </button>
    </header>
  );
}

function Thread({ chat, onEdit }: { chat: Conversation; onEdit: (text: string) => void }) {
  const gone = deletion.gone.value;
  const all = chat.notes.value;
  const notes = useMemo(() => all.filter(({ id }) => !gone.has(id)), [all, gone]);
  const pending = chat.pending.value;
  const reading = chat.reading.value;
  const obstacle = chat.obstacle.value;
  const box = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  const [behind, setBehind] = useState(false);

  function toEnd(): void {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
    setBehind(false);
  }

  // The composer below grows and shrinks: the newest notes stay in sight if they were.
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const written = pending.length;
  useLayoutEffect(() => {
    if (atEnd.current) toEnd();
    else if (notes.length > 0) setBehind(true);
  }, [notes]);
  useLayoutEffect(() => {
    if (written > 0) toEnd();
  }, [written]);

  return (
    <div class="thread-box">
      <section
        ref={box}
        class="thread"
        role="log"
        aria-label={words.notes}
        aria-busy={reading.kind === "loading"}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
        tabIndex={0}
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
          if (atEnd.current) setBehind(false);
        }}
      >
        {threadOf(notes, isOwn).map((item) =>
          item.kind === "day" ? (
            <h3 key={item.key}>{item.day}</h3>
          ) : (
            <NoteBubble
              key={item.key}
              note={item.note}
              own={item.own}
              begins={item.begins}
              onRemove={tokenOf(item.note) === "" ? null : () => remove(item.note)}
            />
          ),
        )}
        {pending.map((p) => (
          <PendingBubble
            key={p.id}
            pending={p}
            obstacle={obstacle}
            onEdit={() => {
              onEdit(p.message);
              chat.discard(p.id);
            }}
            onDiscard={() => chat.discard(p.id)}
          />
        ))}
        {notes.length === 0 && pending.length === 0 && reading.kind === "live" && (
          <div class="empty">
            <ChatIcon />
            <h3>{words.none}</h3>
            <p>{words.noneHint}</p>
          </div>
        )}
      </section>
      {behind && (
        <button type="button" class="button small newer" onClick={toEnd}>
          {words.newer}
        </button>
      )}
      {obstacle && (
        <p class="chat-lost" role="status">
          {obstacle === "connection" ? words.noConnection : words.noServer}
        </p>
      )}
      {reading.kind === "failed" && (
        <div class="problem" role="alert">
          <p>{words.notRead(reading.reason)}</p>
        </div>
      )}
    </div>
  );
}
