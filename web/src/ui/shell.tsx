import { useLayoutEffect, useRef } from "preact/hooks";
import { unread } from "../chat/chats";
import { ChatPanel } from "../chat/panel";
import { Unread } from "../chat/unread";
import { words as chatWords } from "../chat/words";
import { ConsoleDoor } from "../console/door";
import { FeaturesPanel } from "../features/panel";
import { words as featureWords } from "../features/words";
import { setInsets } from "../map/map";
import { PastBar } from "../past/bar";
import { PlaceCard } from "../places/card";
import { RecordPanel } from "../record/panel";
import { words as recordWords } from "../record/words";
import { RoutesOverMap } from "../routes/over-map";
import { RoutesPanel } from "../routes/panel";
import { words as routeWords } from "../routes/words";
import { SearchBox } from "../search/box";
import { consoleLink, lookingBack, notice, place, type View, view, views } from "../state";
import { TravelersPanel } from "../travelers/panel";
import { words as travelerWords } from "../travelers/words";
import { Dialogs } from "./dialogs";
import { Menu } from "./menu";
import { heightOf, narrow, nextStop, settle, sheet } from "./sheet";
import { Live, StatusLine } from "./status";
import { Tools } from "./tools";
import { words } from "./words";

/** Pixels at the lower edge that the replay of the view takes, wide and on a phone. */
const PAST_BAR = { wide: 190, narrow: 248 } as const;

/** What a view is called. */
const titles: Record<View, { readonly tab: string }> = {
  travelers: travelerWords,
  routes: routeWords,
  features: featureWords,
  record: recordWords,
  chat: chatWords,
};
const panels = {
  travelers: TravelersPanel,
  routes: RoutesPanel,
  features: FeaturesPanel,
  record: RecordPanel,
  chat: ChatPanel,
} as const;

/** Everything but the map: the card with its views, the tools, the status line. */
export function Shell() {
  return (
    <>
      <Card />
      <SearchBox />
      <ConsoleDoor />
      <Tools />
      {narrow.value && !consoleLink.value && view.value !== "chat" && view.value !== "record" && place.value && (
        <div class="card place-float">
          <PlaceCard />
        </div>
      )}
      <StatusLine />
      <Notice />
      <RoutesOverMap />
      {lookingBack.value && !consoleLink.value && <PastBar />}
      <Dialogs />
    </>
  );
}

function Card() {
  const card = useRef<HTMLElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const Panel = panels[view.value];
  const stop = sheet.value;

  // Before the map is made, so that it is right about what it is going to show.
  useLayoutEffect(() => {
    const arrange = () => card.current && head.current && layOut(card.current, head.current);
    arrange();
    addEventListener("resize", arrange);
    return () => removeEventListener("resize", arrange);
  }, [stop, narrow.value, lookingBack.value]);

  return (
    <main ref={card} class="card panel" data-sheet={stop} hidden={consoleLink.value !== null || lookingBack.value}>
      <div
        ref={head}
        class="panel-head"
        onPointerDown={(event) => card.current && head.current && drag(event, card.current, head.current)}
      >
        <button
          type="button"
          class="handle"
          aria-label={stop === "full" ? words.smaller : words.larger}
          onClick={() => {
            sheet.value = nextStop(stop);
          }}
        />
        <header>
          <img src="/icon.svg" alt="" width="26" height="26" />
          <h1>RouteGuide</h1>
          <Live />
          <Menu />
        </header>
        <Tabs />
      </div>
      <div class="panel-body" role="tabpanel" id="panel" aria-labelledby={`tab-${view.value}`}>
        <Panel />
      </div>
    </main>
  );
}

function Tabs() {
  return (
    <div class="tabs" role="tablist" aria-label={words.views} onKeyDown={walk}>
      {views.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={view.value === name}
          aria-controls="panel"
          tabIndex={view.value === name ? 0 : -1}
          onClick={() => {
            view.value = name;
            if (sheet.value === "peek") sheet.value = "half";
          }}
        >
          {titles[name].tab}
          {name === "chat" && unread.value > 0 && <Unread count={unread.value} />}
        </button>
      ))}
    </div>
  );
}

function walk(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = views[(views.indexOf(view.value) + step + views.length) % views.length] as View;
  view.value = next;
  document.getElementById(`tab-${next}`)?.focus();
}

/** Gives the sheet its height, and tells the map what is covered. */
function layOut(card: HTMLElement, head: HTMLElement): void {
  if (lookingBack.peek()) {
    const height = PAST_BAR[narrow.peek() ? "narrow" : "wide"];
    document.documentElement.style.setProperty("--sheet", `${height}px`);
    setInsets({ top: 0, right: 0, bottom: height, left: 0 });
    return;
  }
  if (narrow.value) {
    const height = heightOf(sheet.peek(), innerHeight, head.offsetHeight);
    card.style.height = `${height}px`;
    document.documentElement.style.setProperty("--sheet", `${height}px`);
    setInsets({ top: 0, right: 0, bottom: Math.min(height, Math.round(innerHeight * 0.6)), left: 0 });
  } else {
    card.style.height = "";
    document.documentElement.style.removeProperty("--sheet");
    setInsets({ top: 0, right: 0, bottom: 0, left: card.getBoundingClientRect().right });
  }
}

/** Moves the sheet with the finger; it settles where it is let go. */
function drag(down: PointerEvent, card: HTMLElement, head: HTMLElement): void {
  if (!narrow.value || down.button !== 0) return;
  const from = card.offsetHeight;
  let last = { y: down.clientY, at: down.timeStamp };
  let speed = 0;
  let moved = false;
  const height = (event: PointerEvent) =>
    Math.max(head.offsetHeight, Math.min(innerHeight - 24, from + down.clientY - event.clientY));

  function move(event: PointerEvent): void {
    if (!moved && Math.abs(event.clientY - down.clientY) < 6) return;
    if (!moved) head.setPointerCapture(down.pointerId);
    moved = true;
    card.classList.add("dragging");
    speed = (last.y - event.clientY) / Math.max(1, event.timeStamp - last.at);
    last = { y: event.clientY, at: event.timeStamp };
    card.style.height = `${height(event)}px`;
  }

  function up(event: PointerEvent): void {
    head.removeEventListener("pointermove", move);
    head.removeEventListener("pointerup", up);
    head.removeEventListener("pointercancel", up);
    card.classList.remove("dragging");
    if (!moved) return;
    sheet.value = settle(height(event), speed, innerHeight, head.offsetHeight);
    layOut(card, head);
  }

  head.addEventListener("pointermove", move);
  head.addEventListener("pointerup", up);
  head.addEventListener("pointercancel", up);
}

function Notice() {
  const said = notice.value;
  return (
    <div class="notice" role="status">
      {said && (
        <span key={said.id} class="card">
          {said.text}
        </span>
      )}
    </div>
  );
}
