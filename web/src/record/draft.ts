// Routes that are not finished, kept in the browser so that a reload, a crash or an empty battery loses none of their
// points. Points are appended in pieces: keeping one more costs the same however long the route is.
import { isValid } from "../geo";
import { randomName } from "../random";
import { forget, keptNames, recall, remember } from "../ui/persist";
import { type Fix, plainFix } from "./fix";

export const sources = ["device", "draw", "drive"] as const;
/** How the points of a route are made. */
export type Source = (typeof sources)[number];

/** What there is to know of an unfinished route besides its points. */
export interface Draft {
  /** Its name in this browser; the server has names of its own. */
  readonly id: string;
  /** Lets calls go on with the route, so nobody else may know it. */
  readonly token: string;
  readonly source: Source;
  /** Milliseconds since the epoch. */
  readonly began: number;
  /** Finish was asked for; only the server has yet to hear of it. */
  readonly finishing: boolean;
  /** How many points were on a feature. */
  readonly passed: number;
  /** The names of the first and of the last feature passed, or "". */
  readonly first: string;
  readonly last: string;
}

/** Points a stored piece. */
const PIECE = 200;

/**
 * Takes a route in hand for as long as this page lives, so that no other page of the browser takes it up; `then` is called
 * when none has it any more, perhaps at once. Pages that come without TLS cannot see each other: there it always is.
 */
export function claimDraft(id: string, then: () => void): void {
  const locks = globalThis.navigator?.locks;
  if (!locks) {
    then();
    return;
  }
  void locks.request(`routeguide.${headName(id)}`, () => {
    then();
    return new Promise<never>(() => {});
  });
}

/** Writes down all but the points; false when the browser does not keep it. */
export function keepDraft(draft: Draft): boolean {
  return remember(headName(draft.id), JSON.stringify(draft));
}

/** Keeps the points from number `from` on, when those before are kept; false when the browser has no room. */
export function keepFixes(id: string, fixes: readonly Fix[], from: number): boolean {
  for (let piece = Math.floor(from / PIECE); piece * PIECE < fixes.length; piece++) {
    const part = fixes.slice(piece * PIECE, (piece + 1) * PIECE);
    if (!remember(pieceName(id, piece), part.map(formatFix).join(" "))) return false;
  }
  // What was taken back may have been the first of its piece.
  forget(pieceName(id, Math.ceil(fixes.length / PIECE)));
  return true;
}

/** The unfinished routes of this browser, the oldest first. */
export function drafts(): Draft[] {
  return keptNames("draft.")
    .filter((name) => !name.includes(".", "draft.".length))
    .map((name) => parseDraft(recall(name) ?? ""))
    .filter((draft) => draft !== null)
    .sort((a, b) => a.began - b.began);
}

export function fixesOf(id: string): Fix[] {
  const fixes: Fix[] = [];
  for (let piece = 0; ; piece++) {
    const text = recall(pieceName(id, piece));
    if (text === null) return fixes;
    for (const kept of text.split(" ")) {
      const fix = parseFix(kept);
      if (!isValid(fix.point)) return fixes;
      fixes.push(fix);
    }
  }
}

/** Latitude, longitude, time, elevation, accuracy, speed and heading; nothing where that is not known. */
function formatFix({ point, time, elevation, accuracy, speed, heading }: Fix): string {
  const measured = [elevation, accuracy, speed, heading].map((value) =>
    value === null ? "" : Number(value.toFixed(2)),
  );
  return [point.lat, point.lng, time || "", ...measured].join(",").replace(/,+$/, "");
}

/** Pages before this one kept latitude and longitude alone: such points are sent without a time. */
function parseFix(text: string): Fix {
  const [lat = Number.NaN, lng = Number.NaN, time, elevation, accuracy, speed, heading] = text
    .split(",")
    .map((part) => (part === "" ? undefined : Number(part)));
  return {
    ...plainFix({ lat, lng }, time ?? 0),
    elevation: elevation ?? null,
    accuracy: accuracy ?? null,
    speed: speed ?? null,
    heading: heading ?? null,
  };
}

/** What a route is called here: after the features at its ends, else after how it was made. */
export function nameOf({ first, last, source }: Pick<Draft, "first" | "last" | "source">): string {
  const [from, to] = [first, last].map((name) => name.split(",", 1)[0] ?? "");
  if (from && to && from !== to) return `${from} → ${to}`;
  if (from) return `By ${from}`;
  return { device: "Own way", draw: "Drawn route", drive: "Drive" }[source];
}

export function dropDraft(id: string): void {
  forget(headName(id));
  for (const name of keptNames(`${headName(id)}.`)) forget(name);
}

const headName = (id: string) => `draft.${id}`;
const pieceName = (id: string, piece: number) => `draft.${id}.${piece}`;

function parseDraft(text: string): Draft | null {
  try {
    const { id, token, source, began, finishing, passed, first, last } = JSON.parse(text) as Partial<
      Record<keyof Draft, unknown>
    >;
    const known = sources.find((s) => s === source);
    if (typeof id !== "string" || !known || typeof began !== "number" || typeof passed !== "number") return null;
    return {
      id,
      // Routes of older pages have no token, and cannot be gone on with: all their points are sent as a new route.
      token: typeof token === "string" ? token : randomName(),
      source: known,
      began,
      finishing: finishing === true,
      passed,
      first: String(first),
      last: String(last),
    };
  } catch {
    return null;
  }
}
