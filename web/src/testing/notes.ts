// For tests: RouteChat and WatchNotes, in a log of notes. Unlike the real server this one stores a note twice that comes
// twice: whoever writes must not send what is stored.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { type Point, PointSchema, RouteNoteSchema } from "../gen/routeguide/route_guide_pb";
import {
  type Bounds,
  type Note,
  NoteSchema,
  type WatchNotesRequest,
  WatchNotesRequestSchema,
  WatchNotesResponseSchema,
} from "../gen/routeguide/v1/note_service_pb";
import type { ServerCall } from "./server";

export class TestNotes {
  log: Note[] = [];
  readonly #watchers = new Set<(note: Note) => void>();
  /** Breaks the writer's call after a note was stored, before anybody is told of it. */
  dieAfterStoring = 0;
  onDeath: () => void = () => {};
  /** Says that it cannot store notes, or not even read them. */
  cannot: "store" | "read" | null = null;
  #others = 0;

  get messages(): string[] {
    return this.log.map((n) => n.message);
  }

  handle = (call: ServerCall): void => {
    if (call.method === "RouteChat") this.#chat(call);
    else call.decode(WatchNotesRequestSchema, (request) => this.#watch(call, request));
  };

  /** Somebody else leaves a note. */
  leave(message: string, latitude = 1, longitude = 2, traveler = "Ada"): void {
    this.#store(`other.${this.#others++}`, create(PointSchema, { latitude, longitude }), message, traveler);
  }

  #chat(call: ServerCall): void {
    const chatId = call.headers.get("chat-id");
    let number = Number(call.headers.get("chat-notes"));
    call.header({ "chat-id": chatId ?? "" });
    call.decode(RouteNoteSchema, (note) => {
      if (this.cannot) return call.end(Code.Unavailable, "the store does not answer");
      if (note.message === "refuse me") return call.end(Code.InvalidArgument, "message: it is refused");
      const dying = this.dieAfterStoring > 0 && --this.dieAfterStoring === 0;
      if (dying) this.#watchers.clear();
      const traveler = decodeURIComponent(call.headers.get("traveler") ?? "");
      this.#store(`${chatId}.${number++}`, note.location, note.message, traveler);
      if (dying) this.onDeath();
    });
    call.onHalfClose = () => call.end();
  }

  #store(id: string, location: Point | undefined, message: string, traveler: string): void {
    const createTime = timestampFromMs(1_700_000_000_000 + this.log.length * 1000);
    const note = create(NoteSchema, { id, location, message, traveler, createTime });
    this.log.push(note);
    for (const tell of this.#watchers) tell(note);
  }

  #watch(call: ServerCall, { bounds, cursor, history = 100 }: WatchNotesRequest): void {
    if (this.cannot === "read") {
      call.end(Code.Unavailable, "the store does not answer");
      return;
    }
    const after = Number(cursor);
    if (after > this.log.length) {
      call.end(Code.OutOfRange, "the cursor lies beyond the newest note");
      return;
    }
    const tell = (note: Note) => {
      if (isInside(note.location, bounds)) {
        call.send(WatchNotesResponseSchema, { note, cursor: String(this.log.indexOf(note) + 1) });
      }
    };
    const stored = this.log.filter((note, i) => isInside(note.location, bounds) && i >= after);
    for (const note of cursor === "" ? stored.slice(Math.max(0, stored.length - history)) : stored) tell(note);
    call.send(WatchNotesResponseSchema, { cursor: String(this.log.length) });
    this.#watchers.add(tell);
    call.onGone = () => this.#watchers.delete(tell);
  }
}

function isInside(p?: Point, bounds?: Bounds): boolean {
  const { southwest, northeast } = bounds ?? {};
  if (!p || !southwest || !northeast) return false;
  const [south, west, north, east] = [southwest.latitude, southwest.longitude, northeast.latitude, northeast.longitude];
  return p.latitude >= south && p.latitude <= north && p.longitude >= west && p.longitude <= east;
}
