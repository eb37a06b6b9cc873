// Routes that are not finished, kept in the browser so that a reload, a crash or an empty battery loses none of their
// points. Points are appended in pieces: keeping one more costs the same however long the route is.
import { isValid, type Point } from "../geo";
import { randomName } from "../random";
import { forget, keptNames, recall, remember } from "../ui/persist";

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
export function keepPoints(id: string, points: readonly Point[], from: number): boolean {
  for (let piece = Math.floor(from / PIECE); piece * PIECE < points.length; piece++) {
    const part = points.slice(piece * PIECE, (piece + 1) * PIECE);
    if (!remember(pieceName(id, piece), part.map((p) => `${p.lat},${p.lng}`).join(" "))) return false;
  }
  // What was taken back may have been the first of its piece.
  forget(pieceName(id, Math.ceil(points.length / PIECE)));
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

export function pointsOf(id: string): Point[] {
  const points: Point[] = [];
  for (let piece = 0; ; piece++) {
    const text = recall(pieceName(id, piece));
    if (text === null) return points;
    for (const pair of text.split(" ")) {
      const [lat, lng] = pair.split(",").map(Number);
      const point = { lat: lat ?? Number.NaN, lng: lng ?? Number.NaN };
      if (!isValid(point)) return points;
      points.push(point);
    }
  }
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
