// The recording of a route, whatever makes its points and whatever happens to the connection in the meantime.
//
//   idle ─start→ recording ⇄ paused ─finish→ finishing ─the server has it all→ finished ─again→ idle
//                     └──────────┴─────────────┴─ the server refuses → failed ─retry→ … or discard → idle
//
// A lost connection is no state of its own: points are taken all the while, `link` says that they wait.

import { Code, ConnectError } from "@connectrpc/connect";
import { type ReadonlySignal, signal } from "@preact/signals";
import { distance, type Point, samePoint, trackLength } from "../geo";
import { randomName } from "../random";
import { recordRoute, type Summary } from "../rpc";
import type { Place } from "../state";
import { type Draft, dropDraft, fixesOf, keepDraft, keepFixes, type Source } from "./draft";
import { type Fix, plainFix } from "./fix";
import { words } from "./words";

/** A route holds no more points: recording pauses there. */
export const MOST_POINTS = 100_000;

/** Whether the server takes points just now; "refused" when it is reached and says that it cannot. */
export type Link = "opening" | "open" | "lost" | "refused";

export interface Track extends Draft {
  /** Grows in place; `count` says how many there were when this was written. */
  readonly fixes: readonly Fix[];
  readonly count: number;
  /** How many were handed to the connection; after a reconnection, how many the server has. */
  readonly sent: number;
  /** Metres. */
  readonly length: number;
  readonly link: Link;
  /** What the server calls the route; "" before it said so. */
  readonly route: string;
  /** Whether the browser keeps the route over a reload. */
  readonly kept: boolean;
}

export type RecordingState =
  | { readonly kind: "idle" }
  | { readonly kind: "recording" | "paused" | "finishing"; readonly track: Track }
  | { readonly kind: "finished"; readonly track: Track; readonly summary: Summary }
  | { readonly kind: "failed"; readonly track: Track; readonly reason: string; readonly canRetry: boolean };

export interface RecorderOptions {
  /** The name to send along. */
  traveler(): string;
  /** The name of the known feature at exactly this point, which may be ""; null where none is known. */
  featureAt(point: Point): string | null;
  readonly now?: () => number;
}

/** A point of a route, and the measurement that it is from, where it is from one. */
export interface Taken extends Place {
  readonly fix?: Fix;
}

/** Records one route at a time. What its state does not allow is ignored, so that late points and clicks do no harm. */
export class Recorder {
  readonly #state = signal<RecordingState>({ kind: "idle" });
  readonly #options: RecorderOptions;
  readonly #now: () => number;
  #fixes: Fix[] = [];
  #call = new AbortController();
  #wake: (() => void) | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  get state(): ReadonlySignal<RecordingState> {
    return this.#state;
  }

  start(source: Source): void {
    if (this.#state.value.kind !== "idle") return;
    const names = { id: randomName(), token: randomName(), first: "", last: "" };
    this.#open({ ...names, source, began: this.#now(), finishing: false, passed: 0 }, [], "recording");
  }

  /** Goes on with a route that an earlier page did not finish: paused, or on its way to the end if that was asked for. */
  takeUp(draft: Draft): void {
    if (this.#state.value.kind !== "idle") return;
    this.#open(draft, fixesOf(draft.id), draft.finishing ? "finishing" : "paused");
  }

  /** Takes the next points. One that repeats the last is dropped, unless it is a place with a name. */
  add(places: readonly Taken[]): void {
    const state = this.#state.value;
    if (state.kind !== "recording") return;
    const from = this.#fixes.length;
    let { length, passed, first, last } = state.track;
    for (const place of places) {
      const before = this.#fixes.at(-1)?.point;
      if (before && place.name === "" && samePoint(before, place.point)) continue;
      if (this.#fixes.length === MOST_POINTS) break;
      if (before) length += distance(before, place.point);
      const feature = place.name || this.#options.featureAt(place.point);
      if (feature !== null) passed++;
      if (feature) {
        first ||= feature;
        last = feature;
      }
      this.#fixes.push(place.fix ?? plainFix(place.point, this.#now()));
    }
    if (this.#fixes.length === from) return;
    const full = this.#fixes.length === MOST_POINTS;
    this.#write(
      full ? "paused" : "recording",
      { ...state.track, length, passed, first, last, count: this.#fixes.length },
      from,
    );
    this.#wake?.();
  }

  /** Takes away the newest point, unless it was sent. A drawing's newest point is sent only when there is another, or a pause. */
  takeBack(): boolean {
    const state = this.#state.value;
    if (state.kind !== "recording" || state.track.count <= state.track.sent) return false;
    const gone = (this.#fixes.pop() as Fix).point;
    const name = this.#options.featureAt(gone);
    let { passed, first, last } = state.track;
    if (name !== null) passed--;
    if (name) {
      const named = this.#fixes.findLast(({ point }) => this.#options.featureAt(point));
      last = (named && this.#options.featureAt(named.point)) ?? "";
      if (!last) first = "";
    }
    const count = this.#fixes.length;
    this.#write("recording", { ...state.track, passed, first, last, length: lengthOf(this.#fixes), count });
    return true;
  }

  pause(): void {
    const state = this.#state.value;
    if (state.kind !== "recording") return;
    this.#write("paused", state.track);
    this.#wake?.();
  }

  /** Goes on, perhaps with points that are made another way from here. */
  resume(source?: Source): void {
    const state = this.#state.value;
    if (state.kind !== "paused" || state.track.count === MOST_POINTS) return;
    this.#write("recording", { ...state.track, source: source ?? state.track.source });
  }

  /** Ends the route as soon as the server has all of it: now, or when it is back. */
  finish(): void {
    const state = this.#state.value;
    if (state.kind !== "recording" && state.kind !== "paused") return;
    this.#write("finishing", { ...state.track, finishing: true });
    this.#wake?.();
  }

  /** Tries again what failed. */
  retry(): void {
    const state = this.#state.value;
    if (state.kind !== "failed" || !state.canRetry) return;
    this.#open(state.track, this.#fixes, state.track.finishing ? "finishing" : "paused");
  }

  /** Back to the beginning. A route that is not finished is forgotten here; what the server has of it stays there. */
  reset(): void {
    const state = this.#state.value;
    if (state.kind === "idle") return;
    this.#call.abort();
    if (state.kind !== "finished") dropDraft(state.track.id);
    this.#fixes = [];
    this.#state.value = { kind: "idle" };
  }

  #open(draft: Draft, fixes: Fix[], kind: "recording" | "paused" | "finishing"): void {
    this.#fixes = fixes;
    this.#call = new AbortController();
    this.#write(kind, {
      ...draftOf(draft),
      fixes,
      count: fixes.length,
      sent: 0,
      length: lengthOf(fixes),
      link: "opening",
      route: "",
      kept: true,
    });
    void this.#upload(draft, this.#call.signal);
  }

  async #upload({ id, token }: Draft, signal: AbortSignal): Promise<void> {
    try {
      const summary = await recordRoute(
        {
          token,
          traveler: this.#options.traveler(),
          fixes: (from, over) => this.#fixesFrom(from, over),
          onOpen: (stored, route) => this.#link("open", stored, route),
          onLost: (by) => this.#link(by === "server" ? "refused" : "lost"),
        },
        signal,
      );
      const state = this.#state.value;
      if (signal.aborted || !("track" in state)) return;
      dropDraft(id);
      this.#state.value = { kind: "finished", track: state.track, summary };
    } catch (failure) {
      const state = this.#state.value;
      if (signal.aborted || !("track" in state)) return;
      const { reason, canRetry } = explain(ConnectError.from(failure));
      this.#state.value = { kind: "failed", track: state.track, reason, canRetry };
    }
  }

  async *#fixesFrom(from: number, over: AbortSignal): AsyncGenerator<Fix> {
    if (from > this.#fixes.length) throw new ConnectError("more points than this page made", Code.Aborted);
    over.addEventListener("abort", () => this.#wake?.(), { once: true });
    for (let next = from; !over.aborted; ) {
      const state = this.#state.value;
      const held = state.kind === "recording" && state.track.source === "draw" ? 1 : 0;
      const fix = next < this.#fixes.length - held ? this.#fixes[next] : undefined;
      if (fix) {
        yield fix;
        this.#link("open", ++next);
      } else if (state.kind === "finishing") {
        return;
      } else {
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
    }
  }

  #link(link: Link, sent?: number, route?: string): void {
    const state = this.#state.value;
    if (state.kind !== "recording" && state.kind !== "paused" && state.kind !== "finishing") return;
    const track = { ...state.track, link, sent: sent ?? state.track.sent, route: route ?? state.track.route };
    this.#state.value = { kind: state.kind, track };
  }

  /** The next state, kept by the browser with the points from number `from` on. */
  #write(kind: "recording" | "paused" | "finishing", track: Track, from = track.count): void {
    const kept = track.kept && keepFixes(track.id, this.#fixes, from) && keepDraft(draftOf(track));
    // Half a route would be taken for the whole one.
    if (track.kept && !kept) dropDraft(track.id);
    this.#state.value = { kind, track: { ...track, kept } };
  }
}

/** Metres. */
function lengthOf(fixes: readonly Fix[]): number {
  return trackLength(fixes.map((fix) => fix.point));
}

/** The part of a track that is kept beside its points. */
function draftOf({ id, token, source, began, finishing, passed, first, last }: Draft): Draft {
  return { id, token, source, began, finishing, passed, first, last };
}

function explain(error: ConnectError): { reason: string; canRetry: boolean } {
  switch (error.code) {
    case Code.Aborted:
      return { reason: words.elsewhere, canRetry: true };
    case Code.FailedPrecondition:
      return {
        reason: words.finishedElsewhere,
        canRetry: false,
      };
    case Code.InvalidArgument:
      return { reason: words.notTaken(error.rawMessage), canRetry: false };
    default:
      return { reason: words.notRecorded(error.rawMessage), canRetry: true };
  }
}
