// For tests: RouteChat and WatchNotes, in a log of notes, with the promises of the real server.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { type Point, PointSchema, RouteNoteSchema } from "../gen/routeguide/route_guide_pb";
import type { Bounds } from "../gen/routeguide/v1/bounds_pb";
import {
  type Note,
  NoteSchema,
  type WatchNotesRequest,
  WatchNotesRequestSchema,
  WatchNotesResponseSchema,
} from "../gen/routeguide/v1/note_service_pb";
import { randomName } from "../random";
import type { ServerCall } from "./server";

interface Chat {
  readonly id: string;
  readonly notes: Note[];
}

export class TestNotes {
  log: Note[] = [];
  readonly #chats = new Map<string, Chat>();
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

  /** A note is deleted: it is told once more, last, without its text. */
  delete(message: string): void {
    const note = this.log.find((n) => n.message === message);
    if (!note) throw new Error(`there is no note ${message}`);
    const gone = create(NoteSchema, { ...note, message: "", deleted: true });
    this.log = [...this.log.filter((n) => n !== note), gone];
    for (const tell of this.#watchers) tell(gone);
  }

  /** Another disk: nothing is known any more. */
  forget(): void {
    this.log = [];
    this.#chats.clear();
  }

  #chat(call: ServerCall) {
    const token = call.headers.get("resume-token") ?? "";
    if (!/^[\w-]{22,64}$/.test(token)) return call.end(Code.InvalidArgument, "resume-token: it is none");
    const chat = this.#chats.get(token) ?? { id: randomName(), notes: [] };
    this.#chats.set(token, chat);
    let number = Number(call.headers.get("chat-notes") ?? chat.notes.length);
    if (number > chat.notes.length) return call.end(Code.OutOfRange, "the chat has fewer notes");
    call.header({ "resume-token": token, "chat-id": chat.id, "chat-notes": String(chat.notes.length) });
    call.decode(RouteNoteSchema, (note) => {
      if (this.cannot) return call.end(Code.Unavailable, "the store does not answer");
      if (note.message === "refuse me") return call.end(Code.InvalidArgument, "message: it is refused");
      const before = chat.notes[number];
      const traveler = decodeURIComponent(call.headers.get("traveler") ?? "");
      if (before && (before.message !== note.message || before.traveler !== traveler))
        return call.end(Code.AlreadyExists, "another note has this number");
      const dying = this.dieAfterStoring > 0 && --this.dieAfterStoring === 0;
      if (dying) this.#watchers.clear();
      if (!before) chat.notes.push(this.#store(`${chat.id}.${number}`, note.location, note.message, traveler));
      number++;
      if (dying) this.onDeath();
    });
    call.onHalfClose = () => call.end();
  }

  #store(id: string, location: Point | undefined, message: string, traveler: string): Note {
    const createTime = timestampFromMs(1_700_000_000_000 + this.log.length * 1000);
    const note = create(NoteSchema, { id, location, message, traveler, createTime });
    this.log.push(note);
    for (const tell of this.#watchers) tell(note);
    return note;
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
    const stored = this.log.filter(
      (n, i) => isInside(n.location, bounds) && i >= after && !(n.deleted && cursor === ""),
    );
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
