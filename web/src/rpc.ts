// The server's services as functions of plain values: with rpc/, the only code that knows the network. Unary calls and
// finite lists go over fetch as gRPC-Web, streams that a client writes to and watches over a WebSocket each.
//
// Calls that must go on (recordRoute, routeChat, watchNotes) come back by themselves after a lost connection, for as long
// as their signal is not aborted. Every function rejects with a ConnectError when it cannot succeed.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { RouteGuide } from "./gen/routeguide/route_guide_pb";
import { type Note as NoteMessage, NoteService } from "./gen/routeguide/v1/note_service_pb";
import { RouteService } from "./gen/routeguide/v1/route_service_pb";
import { type Point, type Rect, splitRect } from "./geo";
import type { Fix } from "./record/fix";
import { streamBatches } from "./rpc/batches";
import { cannotNow, keepCalling } from "./rpc/connection";
import { boundsMessage, fixMessage, pointMessage, pointOf, timeOf } from "./rpc/messages";
import { baseUrl, parting, transport } from "./rpc/transport";
import type { Place } from "./state";

const guide = createClient(RouteGuide, transport);
const notes = createClient(NoteService, transport);
const routes = createClient(RouteService, transport);
const partingNotes = createClient(NoteService, parting);

/** Streams the features of an area, many at a time and in the server's order. */
export async function listFeatures(area: Rect, onBatch: (batch: Place[]) => void, signal: AbortSignal): Promise<void> {
  for (const { south, west, north, east } of splitRect(area)) {
    const corners = { lo: { latitude: south, longitude: west }, hi: { latitude: north, longitude: east } };
    await streamBatches(
      baseUrl,
      RouteGuide.method.listFeatures,
      corners,
      (batch) => onBatch(batch.map((f) => ({ point: pointOf(f.location), name: f.name }))),
      signal,
    );
  }
}

/** Why a call does not go on: there is no connection, or the server says that it cannot just now. */
export type Obstacle = "connection" | "server";

export interface Summary {
  readonly points: number;
  readonly features: number;
  /** Metres. */
  readonly distance: number;
  /** Seconds between the first and the last point. */
  readonly elapsed: number;
}

export interface Recording {
  /** The secret that lets a call go on with the route, 22 to 64 of A-Z a-z 0-9 _ -. The first call with it begins the route. */
  readonly token: string;
  readonly traveler: string;
  /** Gives the points from number `from` on, as they come; ending it finishes the route. `over` aborts with the call. */
  fixes(from: number, over: AbortSignal): AsyncIterable<Fix>;
  /** The server has so many points of the route that it calls so; those from there on are asked for next. */
  onOpen(stored: number, route: string): void;
  /** The call is over before its end; the next one is being tried. */
  onLost(by: Obstacle): void;
}

/** Records a route and resolves with what it came to: every point is stored once, however often the connection breaks. */
export function recordRoute(recording: Recording, signal: AbortSignal): Promise<Summary> {
  return keepCalling(async (attempt, alive) => {
    const over = new AbortController();
    let open: (stored: number) => void;
    const stored = new Promise<number>((resolve) => {
      open = resolve;
    });
    async function* fixes() {
      for await (const fix of recording.fixes(await stored, over.signal)) yield { fix: fixMessage(fix) };
    }
    try {
      const { route } = await routes.recordTrack(fixes(), {
        signal: attempt,
        headers: { "resume-token": recording.token, ...travelerHeader(recording.traveler) },
        onHeader(header) {
          alive();
          const count = Number(header.get("route-points"));
          recording.onOpen(count, header.get("route-id") ?? "");
          open(count);
        },
      });
      return {
        points: Number(route?.pointCount ?? 0),
        features: Number(route?.featureCount ?? 0),
        distance: route?.statistics?.distance ?? 0,
        elapsed: (timeOf(route?.endTime) - timeOf(route?.startTime)) / 1000,
      };
    } catch (failure) {
      recording.onLost(obstacleOf(failure));
      throw failure;
    } finally {
      over.abort();
    }
  }, signal);
}

export interface ChatNote {
  readonly point: Point;
  readonly message: string;
}

export interface Chat {
  /** The secret that lets a call go on with the chat, 22 to 64 of A-Z a-z 0-9 _ -. The first call with it begins the chat. */
  readonly token: string;
  readonly traveler: string;
  /**
   * Asked before each connection: the number of the first note that is not known to be stored. If it is stored after all,
   * sending it again does no harm.
   */
  first(): number;
  /** The server has taken the call, and no note was sent yet. All notes of the chat have ids `<chatId>.<number>`. */
  onOpen(chatId: string): void;
  /** Gives the notes from that number on, as they are written; ending it ends the chat. `over` aborts with the call. */
  notes(from: number, over: AbortSignal): AsyncIterable<ChatNote>;
  /** The call is over before its end; the next one is being tried. */
  onLost(by: Obstacle): void;
}

/**
 * Sends the notes of a conversation; resolves when it has ended and all of them are stored. What others write is not
 * taken from here: watchNotes has it, with ids and times.
 */
export function routeChat(chat: Chat, signal: AbortSignal): Promise<void> {
  return keepCalling(async (attempt, alive) => {
    const over = new AbortController();
    const from = chat.first();
    let open: () => void;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    let whole = false;
    async function* written() {
      await opened;
      for await (const n of chat.notes(from, over.signal))
        yield { location: pointMessage(n.point), message: n.message };
      whole = true;
    }
    try {
      const answers = guide.routeChat(written(), {
        signal: attempt,
        headers: { "resume-token": chat.token, "chat-notes": String(from), ...travelerHeader(chat.traveler) },
        onHeader(header) {
          alive();
          chat.onOpen(header.get("chat-id") ?? "");
          open();
        },
      });
      for await (const _ of answers);
      if (!whole) throw new ConnectError("the server ended the chat", Code.Unavailable);
    } catch (failure) {
      chat.onLost(obstacleOf(failure));
      throw failure;
    } finally {
      over.abort();
    }
  }, signal);
}

export interface Note {
  readonly id: string;
  readonly point: Point;
  readonly message: string;
  /** "" when its writer gave no name. */
  readonly traveler: string;
  /** When the server took it, in milliseconds since the epoch. */
  readonly time: number;
}

export interface NoteWatch {
  readonly area: Rect;
  /** Go on after this cursor; "" begins with the newest stored notes, at most `history` of them. */
  readonly cursor: string;
  readonly history: number;
  onNote(note: Note, cursor: string): void;
  /** A note was deleted, which may have been given or not; its message is "". */
  onDeleted(note: Note): void;
  /** All stored notes have been given; from now on they come as they are written. Again after each reconnection. */
  onLive(cursor: string): void;
  /** The call is over; the next one goes on after the last cursor. */
  onLost(by: Obstacle): void;
}

/** Gives every note of an area once, until the signal is aborted. A cursor that the server does not know begins anew. */
export function watchNotes(watch: NoteWatch, signal: AbortSignal): Promise<never> {
  let cursor = watch.cursor;
  return keepCalling(async (attempt, alive) => {
    try {
      const request = { bounds: boundsMessage(watch.area), cursor, history: watch.history };
      for await (const answer of notes.watchNotes(request, { signal: attempt, onHeader: alive })) {
        cursor = answer.cursor;
        if (answer.note?.deleted) watch.onDeleted(noteOf(answer.note));
        else if (answer.note) watch.onNote(noteOf(answer.note), cursor);
        else watch.onLive(cursor);
      }
      throw new ConnectError("the server ended the watch", Code.Unavailable);
    } catch (failure) {
      watch.onLost(obstacleOf(failure));
      if (ConnectError.from(failure).code !== Code.OutOfRange || cursor === "") throw failure;
      cursor = "";
      throw new ConnectError("the server has other notes than before", Code.Unavailable);
    }
  }, signal);
}

/** Deletes a note for everybody, also while the page is left. `token` is the secret of the chat that it was written in. */
export async function deleteNote(id: string, token: string): Promise<void> {
  await partingNotes.deleteNote({ id }, { headers: { "resume-token": token } });
}

function obstacleOf(failure: unknown): Obstacle {
  return cannotNow(failure) ? "server" : "connection";
}

/** Metadata is ASCII: anything else in a name is percent-encoded. */
function travelerHeader(name: string): Record<string, string> {
  return name === "" ? {} : { traveler: encodeURIComponent(name) };
}

export function noteOf(n: NoteMessage): Note {
  return {
    id: n.id,
    point: pointOf(n.location),
    message: n.message,
    traveler: n.traveler,
    time: timeOf(n.createTime),
  };
}
