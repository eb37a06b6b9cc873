// Up to when the notes of each place were looked at, in this browser.
import { signal } from "@preact/signals";
import { type Point, pointKey } from "../geo";
import type { Note } from "../rpc";
import { recall, remember } from "../ui/persist";

/** Places that are remembered each by itself. */
const MOST_PLACES = 500;

interface Looked {
  /** Of a place that is not among them: what is not newer is taken as seen. Milliseconds of the server's clock. */
  readonly since: number;
  readonly places: Readonly<Record<string, number>>;
}

const looked = signal<Looked>(kept() ?? { since: Date.now(), places: {} });
remember("seen", JSON.stringify(looked.peek()));
globalThis.addEventListener?.("storage", () => {
  looked.value = kept() ?? looked.value;
});

/** Whether a note came after one looked at its place for the last time. */
export function isUnseen({ point, time }: Pick<Note, "point" | "time">): boolean {
  const { since, places } = looked.value;
  return time > (places[pointKey(point)] ?? since);
}

/** One looks at a place whose newest note is of this time. */
export function markSeen(point: Point, time: number): void {
  const { since, places } = kept() ?? looked.peek();
  const key = pointKey(point);
  if (time <= (looked.peek().places[key] ?? since)) return;
  const newestFirst = Object.entries({ ...places, [key]: Math.max(time, places[key] ?? 0) }).sort(
    ([, a], [, b]) => b - a,
  );
  // Where too many are remembered, the oldest are taken as seen like all that was before them.
  const forgotten = newestFirst[MOST_PLACES]?.[1] ?? since;
  looked.value = {
    since: Math.max(since, forgotten),
    places: Object.fromEntries(newestFirst.slice(0, MOST_PLACES)),
  };
  remember("seen", JSON.stringify(looked.value));
}

/** What other tabs have kept meanwhile is there too. */
function kept(): Looked | null {
  try {
    const { since, places } = JSON.parse(recall("seen") ?? "") as Partial<Looked>;
    return typeof since === "number" && typeof places === "object" && places ? { since, places } : null;
  } catch {
    return null;
  }
}
