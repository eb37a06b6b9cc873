import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connection, type Place } from "../state";
import { TestNotes } from "../testing/notes";
import { TestServer } from "../testing/server";
import { testStorage } from "../testing/storage";
import { abandonPage, until } from "../testing/until";
import type { Conversation } from "./chat";
import { Conversations } from "./conversations";
import { isOwn } from "./own";

const here: Place = { point: { lat: 1, lng: 2 }, name: "Here" };
const there: Place = { point: { lat: 5, lng: 6 }, name: "There" };
const shown = (c: Conversation) => c.notes.value.map((n) => n.message);
const waiting = (c: Conversation) => c.pending.value.map((p) => p.message);
const page = () => new Conversations(() => "Lin");
const live = (c: Conversation) => until(() => c.reading.value.kind === "live");
const settled = (c: Conversation) => until(() => c.pending.value.length === 0);

/** In how many chats the notes were written. */
const chats = () => new Set(notes.log.map((n) => n.id.split(".")[0])).size;

let notes: TestNotes;
let server: TestServer;

beforeEach(() => {
  vi.useFakeTimers();
  notes = new TestNotes();
  server = new TestServer(notes.handle);
  vi.stubGlobal("WebSocket", server.socketClass());
  vi.stubGlobal("localStorage", testStorage());
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a conversation", () => {
  test("begins with what was left at its place and goes on live", async () => {
    notes.leave("first");
    notes.leave("elsewhere", 9, 9);
    const chat = page().open(here);
    expect(chat.reading.value.kind).toBe("loading");
    await live(chat);
    expect(shown(chat)).toEqual(["first"]);
    notes.leave("second");
    await until(() => chat.notes.value.length === 2);
    expect(chat.notes.value[1]).toMatchObject({ message: "second", traveler: "Ada", time: 1_700_000_002_000 });
    expect(chat.notes.value.some(isOwn)).toBe(false);
  });

  test("does not show what was deleted, and knows that an own note was stored which was deleted at once", async () => {
    notes.leave("theirs");
    const chat = page().open(here);
    await live(chat);
    notes.delete("theirs");
    await until(() => chat.notes.value.length === 0);
    chat.write("mine");
    await settled(chat);
    notes.delete("mine");
    await until(() => chat.notes.value.length === 0);
    expect(waiting(chat)).toEqual([]);
  });

  test("shows a note as pending until it is stored, then as its own", async () => {
    const chat = page().open(here);
    chat.write("On my way");
    expect(waiting(chat)).toEqual(["On my way"]);
    await settled(chat);
    expect(shown(chat)).toEqual(["On my way"]);
    expect(chat.notes.value[0]).toMatchObject({ traveler: "Lin", point: here.point });
    expect(chat.notes.value.every(isOwn)).toBe(true);
  });

  test("of two people is seen by both, and each writes over one connection", async () => {
    const [a, b] = [page().open(here), page().open(here)];
    a.write("one");
    await settled(a);
    b.write("two");
    a.write("three");
    await until(() => a.notes.value.length === 3 && b.notes.value.length === 3);
    expect(shown(a)).toEqual(shown(b));
    expect(notes.messages).toEqual(shown(a));
    expect(server.attempts).toBe(4);
  });

  test("is written under the name of the moment", async () => {
    let name = "Ada";
    const chat = new Conversations(() => name).open(here);
    chat.write("a");
    await settled(chat);
    name = "Ada L.";
    chat.write("b");
    chat.write("c");
    await settled(chat);
    expect(notes.log.map((n) => `${n.traveler}: ${n.message}`)).toEqual(["Ada: a", "Ada L.: b", "Ada L.: c"]);
  });

  test("does not connect to write before there is something to write", async () => {
    await live(page().open(here));
    expect(server.calls("RouteChat")).toEqual([]);
  });
});

describe("after a lost connection", () => {
  test("nothing of what others wrote is missed and nothing comes twice", async () => {
    notes.leave("a");
    const chat = page().open(here);
    await live(chat);
    server.kill();
    await until(() => chat.reading.value.kind === "lost");
    notes.leave("b");
    notes.leave("c");
    server.start();
    await live(chat);
    notes.leave("d");
    await until(() => chat.notes.value.length === 4);
    expect(shown(chat)).toEqual(["a", "b", "c", "d"]);
  });

  test("also more than a place begins with is not missed", async () => {
    const chat = page().open(here);
    await live(chat);
    server.kill();
    await until(() => chat.reading.value.kind === "lost");
    for (let i = 0; i < 250; i++) notes.leave(`n${i}`);
    server.start();
    await until(() => chat.notes.value.length === 250);
    expect(shown(chat)).toEqual(notes.messages);
  });

  test("what was written meanwhile is sent in its order", async () => {
    const chat = page().open(here);
    chat.write("a");
    await settled(chat);
    server.kill();
    await until(() => chat.reading.value.kind === "lost");
    for (const message of ["b", "c", "d"]) chat.write(message);
    expect(waiting(chat)).toEqual(["b", "c", "d"]);
    server.start();
    await settled(chat);
    expect(notes.messages).toEqual(["a", "b", "c", "d"]);
  });

  test("the server is told from which number on notes may have been sent before", async () => {
    const called = (name: string) => server.calls("RouteChat").map((call) => call.headers.get(name));
    const chat = page().open(here);
    chat.write("a");
    await until(() => called("chat-notes").length === 1);
    expect(called("chat-notes")).toEqual(["0"]);
    const [token] = called("resume-token");
    await settled(chat);
    server.kill();
    await until(() => chat.reading.value.kind === "lost");
    chat.write("b");
    server.start();
    await settled(chat);
    expect(called("chat-notes")).toEqual(["1"]);
    expect(called("resume-token")).toEqual([token]);
    expect(notes.log.some((note) => token && note.id.includes(token))).toBe(false);
  });

  test("a note that was stored, and never acknowledged, is not stored again", async () => {
    const chat = page().open(here);
    await live(chat);
    notes.dieAfterStoring = 2;
    notes.onDeath = () => server.kill();
    for (const message of ["a", "b", "c"]) chat.write(message);
    await until(() => chat.reading.value.kind === "lost");
    expect(notes.messages).toEqual(["a", "b"]);
    const ids = notes.log.map((n) => n.id);
    server.start();
    await settled(chat);
    expect(notes.messages).toEqual(["a", "b", "c"]);
    expect(notes.log.map((n) => n.id).slice(0, 2)).toEqual(ids);
    expect(shown(chat)).toEqual(["a", "b", "c"]);
  });

  test.each([1, 2, 3, 4, 5, 6])("again and again, each note is stored once and in order (%i)", async (seed) => {
    const chat = page().open(here);
    const all: string[] = [];
    for (let step = 0; step < 40; step++) {
      const message = `note ${step}`;
      all.push(message);
      chat.write(message);
      if ((step * seed) % 5 === 1) {
        notes.dieAfterStoring = 1 + (step % 2);
        notes.onDeath = () => server.kill();
      }
      if ((step * seed) % 7 === 3) server.kill();
      await vi.advanceTimersByTimeAsync((step * seed * 137) % 900);
      if (step % 3 === 0) server.start();
    }
    notes.dieAfterStoring = 0;
    server.start();
    await settled(chat);
    expect(notes.messages).toEqual(all);
    expect(shown(chat)).toEqual(all);
  });

  test("a server that began anew is read from the beginning", async () => {
    for (const message of ["a", "b", "c"]) notes.leave(message);
    const chat = page().open(here);
    await live(chat);
    server.kill();
    await until(() => chat.reading.value.kind === "lost");
    notes.log = [];
    notes.leave("new");
    server.start();
    await live(chat);
    await until(() => shown(chat).includes("new"));
  });
});

describe("while the server cannot store notes", () => {
  test("they wait, it counts as reached, and each is stored once and in order when it can again", async () => {
    const chat = page().open(here);
    chat.write("a");
    await settled(chat);
    expect(chat.obstacle.value).toBeNull();
    notes.cannot = "store";
    for (const message of ["b", "c"]) chat.write(message);
    await until(() => chat.obstacle.value === "server");
    expect(chat.reading.value.kind).toBe("live");
    expect(connection.value.kind).toBe("live");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(chat.obstacle.value).toBe("server");
    expect(waiting(chat)).toEqual(["b", "c"]);
    notes.cannot = null;
    await settled(chat);
    expect(chat.obstacle.value).toBeNull();
    expect(notes.messages).toEqual(["a", "b", "c"]);
  });

  test("nor read them, a page that comes says the same, and goes on by itself", async () => {
    notes.cannot = "read";
    const chat = page().open(here);
    chat.write("a");
    await until(() => chat.obstacle.value === "server");
    expect(connection.value.kind).toBe("live");
    notes.cannot = null;
    await settled(chat);
    expect(chat.obstacle.value).toBeNull();
    expect(notes.messages).toEqual(["a"]);
  });

  test("a connection that is lost too is what they wait for first", async () => {
    const chat = page().open(here);
    await live(chat);
    notes.cannot = "store";
    chat.write("a");
    await until(() => chat.obstacle.value === "server");
    server.kill();
    await until(() => chat.obstacle.value === "connection");
    expect(connection.value.kind).toBe("reconnecting");
    notes.cannot = null;
    server.start();
    await settled(chat);
    expect(notes.messages).toEqual(["a"]);
  });
});

describe("a note that the server refuses", () => {
  test("says why; those around it are stored", async () => {
    const chat = page().open(here);
    for (const message of ["a", "b", "refuse me", "c"]) chat.write(message);
    await until(() => chat.notes.value.length === 3);
    expect(chat.pending.value).toMatchObject([{ message: "refuse me", refused: "message: it is refused" }]);
    chat.write("d");
    await until(() => chat.notes.value.length === 4);
    expect(notes.messages).toEqual(["a", "b", "c", "d"]);
    chat.discard(2);
    expect(chat.pending.value).toEqual([]);
    server.kill();
    chat.write("e");
    server.start();
    await settled(chat);
    expect(notes.messages).toEqual(["a", "b", "c", "d", "e"]);
    expect(chats()).toBe(1);
  });

  test("only such a one can be discarded", async () => {
    server.kill();
    const chat = page().open(here);
    chat.write("a");
    chat.discard(0);
    expect(waiting(chat)).toEqual(["a"]);
    await abandonPage();
  });
});

describe("leaving a place", () => {
  test("ends its connections", async () => {
    const chat = page().open(here);
    chat.write("a");
    await settled(chat);
    chat.close();
    await until(() => server.calls("RouteChat").length + server.calls("WatchNotes").length === 0);
  });

  test("sends what is pending first, and coming back finds the same conversation", async () => {
    const chats = page();
    const chat = chats.open(here);
    await live(chat);
    server.kill();
    chat.write("left behind");
    chat.close();
    expect(chats.open(here)).toBe(chat);
    chat.close();
    const other = chats.open(there);
    server.start();
    await until(() => notes.messages.length === 1);
    await until(() => server.calls("WatchNotes").length === 1);
    await live(other);
    expect(chats.open(here)).not.toBe(chat);
  });
});

describe("after a reload", () => {
  test("pending notes are sent, also from a place that nobody opens", async () => {
    server.kill();
    const before = page();
    for (const message of ["a", "b"]) before.open(here).write(message);
    before.open(there).write("c");
    await abandonPage();
    const after = page();
    after.sendKept();
    const chat = after.open(here);
    expect(waiting(chat)).toEqual(["a", "b"]);
    server.start();
    await until(() => notes.messages.length === 3);
    await settled(chat);
    expect(shown(chat)).toEqual(["a", "b"]);
    expect(notes.messages.toSorted()).toEqual(["a", "b", "c"]);
    await until(() => !Object.keys(localStorage).some((name) => name.includes("chat.")));
  });

  test("a refused note is still there to be mended", async () => {
    const before = page().open(here);
    before.write("refuse me");
    await until(() => before.pending.value[0]?.refused !== null);
    const after = page();
    after.sendKept();
    expect(after.open(here).pending.value).toMatchObject([{ message: "refuse me", refused: "message: it is refused" }]);
  });

  test("a note that may have been stored is stored once, under the name that it was written under", async () => {
    let name = "Ada";
    const before = new Conversations(() => name).open(here);
    await live(before);
    notes.dieAfterStoring = 1;
    notes.onDeath = () => server.kill();
    before.write("a");
    await until(() => notes.messages.length === 1);
    await abandonPage();
    name = "Lin";
    for (let i = 0; i < 1000; i++) notes.leave("more than a page looks at", 1, 2, "Grace");
    server.start();
    const after = new Conversations(() => name).open(here);
    expect(waiting(after)).toEqual(["a"]);
    after.write("b");
    await settled(after);
    const own = notes.log.filter((n) => n.traveler !== "Grace");
    expect(own.map((n) => `${n.traveler}: ${n.message}`)).toEqual(["Ada: a", "Lin: b"]);
  });

  test("two pages that go on with the same chat lose no note of each other", async () => {
    server.kill();
    page().open(here).write("a");
    await abandonPage();
    const [one, other] = [page().open(here), page().open(here)];
    one.write("b");
    other.write("c");
    server.start();
    await settled(one);
    await settled(other);
    expect(notes.messages.toSorted()).toEqual(["a", "b", "c"]);
  });
});

describe("what pages kept when chats had no tokens", () => {
  const chatId = "0123456789abcdef-0123456789abcdef";
  const note = (number: number, message: string, refused: string | null = null) => ({
    ...{ number, message, refused, written: 1_700_000_000_000 },
  });

  beforeEach(() => {
    const pending = [note(3, "a"), note(4, "refuse me", "it was refused"), note(5, "b")];
    localStorage.setItem(`routeguide.chat.${chatId}`, JSON.stringify({ chatId, place: here, next: 6, pending }));
  });

  test("is sent in a new chat, whose token is not the name that everybody saw", async () => {
    page().sendKept();
    await until(() => notes.messages.length === 2);
    expect(notes.log.map((n) => `${n.traveler}: ${n.message}`)).toEqual(["Lin: a", "Lin: b"]);
    expect(server.calls("RouteChat").map((call) => call.headers.get("resume-token"))).not.toContain(chatId);
    const chat = page().open(here);
    await live(chat);
    expect(chat.pending.value).toMatchObject([{ message: "refuse me", refused: "it was refused" }]);
  });

  test("is sent once, also when the page that took it up could not", async () => {
    server.kill();
    page().sendKept();
    await abandonPage();
    server.start();
    page().sendKept();
    const chat = page().open(here);
    await until(() => chat.pending.value.length === 1);
    expect(notes.messages).toEqual(["a", "b"]);
    expect(chats()).toBe(1);
  });
});

test("a server that lost the chat gets what waits as a new one", async () => {
  const chat = page().open(here);
  chat.write("a");
  await settled(chat);
  server.kill();
  await until(() => chat.reading.value.kind === "lost");
  notes.forget();
  chat.write("b");
  server.start();
  await settled(chat);
  chat.write("c");
  await settled(chat);
  expect(notes.messages).toEqual(["b", "c"]);
  expect(chats()).toBe(1);
});
