import { useLayoutEffect, useRef } from "preact/hooks";
import { ChatPanel } from "../chat/panel";
import { ConsoleDoor } from "../console/door";
import { FeaturesPanel } from "../features/panel";
import { setInsets } from "../map/map";
import { PlaceCard } from "../places/card";
import { RecordPanel } from "../record/panel";
import { RoutesOverMap } from "../routes/over-map";
import { RoutesPanel } from "../routes/panel";
import { words as routeWords } from "../routes/words";
import { SearchBox } from "../search/box";
import { consoleLink, notice, place, type View, view, views } from "../state";
import { TravelersPanel } from "../travelers/panel";
import { words as travelerWords } from "../travelers/words";
import { Dialogs } from "./dialogs";
import { Menu } from "./menu";
import { heightOf, narrow, nextStop, settle, sheet } from "./sheet";
import { Live, StatusLine } from "./status";
import { Tools } from "./tools";

const titles = {
  travelers: travelerWords.tab,
  routes: routeWords.tab,
  features: "Features",
  record: "Record",
  chat: "Chat",
} as const;
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
      {narrow.value && !consoleLink.value && view.value === "features" && place.value && (
        <div class="card place-float">
          <PlaceCard />
        </div>
      )}
      <StatusLine />
      <Notice />
      <RoutesOverMap />
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
  }, [stop, narrow.value]);

  return (
    <main ref={card} class="card panel" data-sheet={stop} hidden={consoleLink.value !== null}>
      <div
        ref={head}
        class="panel-head"
        onPointerDown={(event) => card.current && head.current && drag(event, card.current, head.current)}
      >
        <button
          type="button"
          class="handle"
          aria-label={stop === "full" ? "Make the sheet small" : "Make the sheet larger"}
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
    <div class="tabs" role="tablist" aria-label="Views" onKeyDown={walk}>
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
          {titles[name]}
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
