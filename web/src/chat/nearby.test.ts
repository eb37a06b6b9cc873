import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Note } from "../rpc";
import { TestNotes } from "../testing/notes";
import { TestServer } from "../testing/server";
import { until } from "../testing/until";
import { NearbyNotes, without } from "./nearby";

const area = { south: 0, west: 0, north: 100, east: 100 };
let notes: TestNotes;
let server: TestServer;
let fresh: Note[];
let nearby: NearbyNotes;

const seen = () => nearby.state.value.places.map((p) => `${p.newest.message}×${p.notes.length}`);
const live = () => until(() => nearby.state.value.kind === "live");

beforeEach(() => {
  vi.useFakeTimers();
  notes = new TestNotes();
  server = new TestServer(notes.handle);
  vi.stubGlobal("WebSocket", server.socketClass());
  fresh = [];
  nearby = new NearbyNotes((note) => fresh.push(note));
});

afterEach(() => {
  nearby.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("places come with their newest note, the newest place first", async () => {
  notes.leave("a", 1, 1);
  notes.leave("b", 2, 2);
  notes.leave("far", 500, 500);
  notes.leave("c", 1, 1);
  void nearby.look(area);
  await live();
  expect(seen()).toEqual(["c×2", "b×1"]);
  expect(fresh).toEqual([]);
  notes.leave("d", 2, 2);
  await until(() => fresh.length === 1);
  expect(seen()).toEqual(["d×2", "c×2"]);
});

test("what is deleted goes, and the place with its last note", async () => {
  for (const message of ["a", "b"]) notes.leave(message, 1, 1);
  notes.leave("c", 2, 2);
  void nearby.look(area);
  await live();
  notes.delete("b");
  await until(() => seen().includes("a×1"));
  notes.delete("c");
  await until(() => seen().length === 1);
  expect(seen()).toEqual(["a×1"]);
  expect(fresh).toEqual([]);
});

test("another area takes the place of the first, which is no longer watched", async () => {
  notes.leave("a", 1, 1);
  notes.leave("far", 500, 500);
  void nearby.look(area);
  await live();
  void nearby.look({ south: 400, west: 400, north: 600, east: 600 });
  expect(seen()).toEqual(["a×1"]);
  await live();
  expect(seen()).toEqual(["far×1"]);
  await until(() => server.calls("WatchNotes").length === 1);
  notes.leave("unseen", 1, 1);
  notes.leave("farther", 500, 500);
  await until(() => fresh.length === 1);
  expect(seen()).toEqual(["farther×2"]);
});

test("a lost connection misses nothing", async () => {
  void nearby.look(area);
  await live();
  server.kill();
  notes.leave("a", 1, 1);
  server.start();
  await until(() => fresh.length === 1);
  expect(seen()).toEqual(["a×1"]);
});

test("notes that are about to be deleted are left out, and places with nothing else", async () => {
  for (const message of ["a", "b"]) notes.leave(message, 1, 1);
  notes.leave("c", 2, 2);
  void nearby.look(area);
  await live();
  const gone = new Set(notes.log.filter((n) => n.message !== "a").map((n) => n.id));
  expect(without(nearby.state.value.places, gone).map((p) => p.newest.message)).toEqual(["a"]);
});
