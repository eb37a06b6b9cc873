import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Note } from "../rpc";
import { testStorage } from "../testing/storage";

const note = (id: string): Note => ({ id, point: { lat: 1, lng: 2 }, message: "a", traveler: "", time: 0 });

/** The module as a page that was just loaded has it; `tell` is what happens when another page stores something. */
async function load() {
  vi.resetModules();
  let tell = () => {};
  vi.stubGlobal("addEventListener", (event: string, handler: () => void) => {
    if (event === "storage") tell = handler;
  });
  return { ...(await import("./own")), tell };
}

beforeEach(() => {
  vi.stubGlobal("localStorage", testStorage());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("notes of this browser's chats are its own, after a reload too", async () => {
  const before = await load();
  before.addOwnChat("abc", "secret");
  for (const page of [before, await load()]) {
    expect(page.isOwn(note("abc.0"))).toBe(true);
    expect(page.isOwn(note("abc.12"))).toBe(true);
    expect(page.tokenOf(note("abc.12"))).toBe("secret");
    expect(page.tokenOf(note("ab.0"))).toBe("");
    expect(page.isOwn(note("ab.0"))).toBe(false);
    expect(page.isOwn(note("abcd.0"))).toBe(false);
  }
});

test("pages that are open at once know each other's", async () => {
  const one = await load();
  const other = await load();
  one.addOwnChat("one", "1");
  other.addOwnChat("other", "2");
  one.tell();
  for (const page of [one, await load()]) {
    expect(page.isOwn(note("one.0"))).toBe(true);
    expect(page.isOwn(note("other.0"))).toBe(true);
  }
});

test("only the newest chats are kept", async () => {
  const page = await load();
  for (let n = 0; n < 1100; n++) page.addOwnChat(`chat${n}`, "secret");
  const after = await load();
  expect(after.isOwn(note("chat99.0"))).toBe(false);
  expect(after.isOwn(note("chat100.0"))).toBe(true);
});

test("a chat that an older page kept is its own, without its secret", async () => {
  localStorage.setItem("routeguide.chats", "old older");
  const page = await load();
  page.addOwnChat("new", "secret");
  for (const p of [page, await load()]) {
    expect(["old.0", "older.3", "new.0"].map((id) => p.isOwn(note(id)))).toEqual([true, true, true]);
    expect(p.tokenOf(note("old.0"))).toBe("");
  }
});
