// What the page knows, as signals. Panels read them while they render, anyone may write them; nothing here touches the
// network (rpc.ts), the map (map.ts) or the document. The functions here may be called inside effects: they read without
// subscribing.
//
//   view        which panel is open; write it to switch ("Chat here": `view.value = "chat"`)
//   place       the place that is selected, on the map and in every panel: the chat is about it. null: none
//   lookingBack whether the map shows the past; past/ writes it
//   waypoints   the places that a drive goes through, in order; features are added with `addWaypoint`
//   traveler    the name that goes with what this browser sends, "" for none; remembered
//   connection  whether the server is reached; only rpc.ts writes it
//   calls       the newest calls first; only rpc.ts writes them, through openCall, progressCall and endCall
//   consoleLink what the console shows; null while it is closed. Open it with `openConsole`
//   notice      one sentence said at the foot of the page and to screen readers: `say("Copied")`
import { signal } from "@preact/signals";
import { type Point, samePoint } from "./geo";
import { persisted } from "./ui/persist";

export const views = ["travelers", "routes", "features", "record", "chat"] as const;
export type View = (typeof views)[number];
export const view = signal<View>("travelers");

/** What the console shows: a method's full name, "" for none yet, and a message as JSON, "" for what was typed there. */
export interface ConsoleLink {
  readonly method: string;
  readonly input: string;
}
export const consoleLink = signal<ConsoleLink | null>(null);

let closedAt: ConsoleLink = { method: "", input: "" };

/** Opens the console where it was closed. */
export function openConsole(): void {
  consoleLink.value ??= closedAt;
}

export function closeConsole(): void {
  closedAt = consoleLink.peek() ?? closedAt;
  consoleLink.value = null;
}

/** A position that somebody chose, with the name of the feature that is exactly there, or "". */
export interface Place {
  readonly point: Point;
  readonly name: string;
}
export const place = signal<Place | null>(null);

/** Whether the map shows a time that has passed, and nothing of the present. */
export const lookingBack = signal(false);

export const waypoints = signal<readonly Place[]>([]);

/** Appends a stop; one that is already the last stop is not repeated. */
export function addWaypoint(stop: Place): void {
  const last = waypoints.value.at(-1);
  if (!last || !samePoint(last.point, stop.point)) waypoints.value = [...waypoints.value, stop];
}

/** Where the map looks: its centre in degrees. */
export interface Camera {
  readonly zoom: number;
  readonly latitude: number;
  readonly longitude: number;
}
export const home: Camera = { zoom: 8, latitude: 40.75, longitude: -74.5 };
export const camera = signal<Camera>(home);

export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];
export const theme = persisted<Theme>("theme", "auto", (text) => themes.find((t) => t === text) ?? null);

export const traveler = persisted("traveler", "", (text) => text.slice(0, 64));
/** Shows what is of use to those who build on the server: calls, doors, times, features without a name. */
export const developer = persisted("developer", false, (text) => text === "true");
export const showUnnamed = persisted("unnamed", false, (text) => text === "true");

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** Lost; `attempt` counts from 1. */
  | { readonly kind: "reconnecting"; readonly attempt: number }
  /** The browser says that there is no network. */
  | { readonly kind: "offline" };
export const connection = signal<Connection>({ kind: "connecting" });

export type Door = "gRPC-Web" | "WebSocket" | "REST";

export type CallState =
  | { readonly kind: "open" }
  | { readonly kind: "done"; readonly ms: number }
  | { readonly kind: "cancelled"; readonly ms: number }
  | { readonly kind: "failed"; readonly ms: number; readonly code: string; readonly reason: string };

export interface Call {
  readonly id: number;
  /** As in `ListFeatures`. */
  readonly method: string;
  readonly door: Door;
  /** Milliseconds since the epoch. */
  readonly began: number;
  /** Messages. */
  readonly sent: number;
  readonly received: number;
  /** Of the answer's body, where the door can tell. */
  readonly bytes: number | null;
  readonly state: CallState;
}

/** The newest 50; a call that is still open is kept beyond that. */
export const calls = signal<readonly Call[]>([]);

let lastCall = 0;

/** Writes down that a call begins; the answer is its id for the other two. */
export function openCall(method: string, door: Door, now = Date.now()): number {
  const call: Call = {
    id: ++lastCall,
    method,
    door,
    began: now,
    sent: 0,
    received: 0,
    bytes: null,
    state: { kind: "open" },
  };
  calls.value = [call, ...calls.peek()].filter((c, i) => i < 50 || c.state.kind === "open");
  return call.id;
}

/** Sets the counts so far. Call it a batch at a time, not a message at a time. */
export function progressCall(id: number, counts: Partial<Pick<Call, "sent" | "received" | "bytes">>): void {
  calls.value = calls.peek().map((c) => (c.id === id ? { ...c, ...counts } : c));
}

export type CallEnd = { kind: "done" } | { kind: "cancelled" } | { kind: "failed"; code: string; reason: string };

export function endCall(id: number, end: CallEnd, now = Date.now()): void {
  calls.value = calls
    .peek()
    .map((c) => (c.id === id ? { ...c, state: { ...end, ms: Math.max(0, now - c.began) } } : c));
}

/** `id` changes with each notice, so that saying the same thing twice is heard twice. */
export const notice = signal<{ readonly id: number; readonly text: string } | null>(null);

export function say(text: string): void {
  notice.value = { id: (notice.peek()?.id ?? 0) + 1, text };
}
