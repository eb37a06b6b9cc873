// The page as it looks at the past: what the map showed, told again. What happened is read once for an area and a time; then
// it is played, held and sought here.
import { ConnectError } from "@connectrpc/connect";
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import type { NotePlace } from "../chat/nearby";
import { contains, type Point, type Rect } from "../geo";
import { lineFeature, pointFeature } from "../map/lines";
import { empty } from "../map/overlay";
import { map } from "../map/provided";
import { paces, Replay } from "../routes/replay";
import { readPast } from "../rpc/area";
import { lookingBack, place } from "../state";
import { margin, stillGood } from "../travelers/area";
import { colorOf, initialsOf } from "../travelers/person";
import { personPicture } from "../travelers/picture";
import { dateOf, type Period, timesOf } from "./periods";
import { type Edit, Story, type Walker } from "./story";
import { words } from "./words";

export const period = signal<Period>("day");
/** As in `2026-11-30`; what is looked at when the period is a date. */
export const date = signal(dateOf(Date.now()));

export type Reading =
  | { readonly kind: "loading"; readonly count: number }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly reason: string };
export const reading = signal<Reading>({ kind: "loading", count: 0 });

/** What is played; null while it is read. */
export const story = signal<Story | null>(null);
export const replay = new Replay(() => story.value?.span ?? null);

/** The route of whom the map follows; "" for nobody. */
export const followed = signal("");
/** What was written or changed last before the moment that is looked at. */
export const news = signal("");

let seen: Rect | null = null;
let read: Rect | null = null;
let call = new AbortController();

/** Milliseconds that playing all of it takes, about. */
const PLAYS = 60_000;
/** Milliseconds between two looks at how much has been read. */
const LOOK = 200;

/** Looks back at what the map shows, or at the present again. */
export function lookBack(): void {
  if (lookingBack.peek()) {
    backToLive();
    return;
  }
  batch(() => {
    lookingBack.value = true;
    place.value = null;
  });
  void readAnew();
}

export function backToLive(): void {
  if (!lookingBack.peek()) return;
  call.abort();
  batch(() => {
    lookingBack.value = false;
    story.value = null;
    followed.value = "";
    replay.stop();
  });
}

/** Reads what happened in the chosen time where the map looks, and plays it. */
export async function readAnew(): Promise<void> {
  if (!seen) return;
  call.abort();
  call = new AbortController();
  const { signal } = call;
  const area = margin(seen);
  read = area;
  const told = new Story();
  reading.value = { kind: "loading", count: 0 };
  const timer = setInterval(() => {
    reading.value = { kind: "loading", count: told.count };
  }, LOOK);
  try {
    const { start, end } = timesOf(period.peek(), date.peek(), Date.now());
    if (end > start) await readPast({ area, start, end }, (happening) => told.add(happening), signal);
    if (!signal.aborted) play(told);
  } catch (failure) {
    if (!signal.aborted) reading.value = { kind: "failed", reason: ConnectError.from(failure).rawMessage };
  } finally {
    clearInterval(timer);
  }
}

/** Plays a story from where the one before it stood, or from its begin. */
function play(told: Story): void {
  batch(() => {
    const at = replay.at.peek();
    const { start, end } = told.span ?? { start: 0, end: 0 };
    const goesOn = story.peek() !== null && at !== null && at >= start && at < end;
    story.value = told;
    reading.value = { kind: "ready" };
    if (told.span === null) return replay.stop();
    if (goesOn) return;
    news.value = "";
    replay.pace.value = paces.find((pace) => (end - start) / pace <= PLAYS) ?? paces[paces.length - 1] ?? 1;
    replay.seek(start);
    if (end > start) replay.play();
  });
}

/** How many notes were written before the moment that is looked at. */
const written = computed(() => story.value?.notesUntil(replay.at.value ?? 0) ?? 0);

/** The places with notes at that moment; null in the present. */
export const pastPlaces = computed<readonly NotePlace[] | null>(() => {
  if (!lookingBack.value) return null;
  return story.value?.placesWith(written.value) ?? [];
});
/** Follows the map and the time from now on. Call it once. */
export function startPast(): void {
  map.moves.onRest(({ rect }) => {
    seen = rect;
    if (lookingBack.peek() && read && !stillGood(read, rect) && followed.peek() === "") void readAnew();
  });
  map.moves.onDrag(() => {
    followed.value = "";
  });
  effect(() => {
    if (!replay.playing.value) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function pass(now) {
      const before = replay.at.peek() ?? 0;
      replay.pass(now - last);
      last = now;
      untracked(() => tell(before, replay.at.peek() ?? 0));
      if (replay.playing.peek()) frame = requestAnimationFrame(pass); // not after the end
    });
    return () => cancelAnimationFrame(frame);
  });
  effect(() => {
    const time = replay.at.value;
    const walkers = time === null ? [] : (story.value?.walkersAt(time) ?? []);
    map.drawings.put(
      "past",
      walkers.length === 0 ? empty : { type: "FeatureCollection", features: walkers.flatMap(drawn) },
    );
    const one = walkers.find(({ route }) => route === followed.value);
    if (one) map.moves.keepCentral(one.place);
  });
}

/** Says what happened while time passed, and shows where. */
function tell(after: number, until: number): void {
  for (const happened of story.peek()?.between(after, until) ?? []) {
    const point: Point | null = happened.point;
    if (point && seen && contains(seen, point)) map.markers.pulse(point);
    news.value = "message" in happened ? words.wrote(happened.traveler, happened.message) : editWords(happened);
  }
}

function editWords({ name, deleted }: Edit): string {
  return deleted ? words.removed(name) : words.changed(name);
}

function drawn({ route, traveler, place: here, trail, old }: Walker) {
  const color = colorOf(traveler, route);
  const picture = personPicture(color, initialsOf(traveler));
  const person = pointFeature(here, { route, picture, label: traveler || words.someone, opacity: old ? 0.65 : 1 });
  const line = lineFeature([...trail, here], { color, old });
  return line ? [line, person] : [person];
}
