import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Hit, Search, type Sources } from "./search";

const feature = (name: string): Hit => ({
  kind: "feature",
  key: name,
  inView: true,
  feature: { id: name, point: { lat: 0, lng: 0 }, name, description: "", category: "", webAddress: "" },
});
const town = (name: string): Hit => ({
  kind: "town",
  key: name,
  town: { kind: "city", name, point: { lat: 0, lng: 0 }, size: 1 },
});

let asked: { query: string; signal: AbortSignal; answer: (hits: Hit[]) => void; fail: (failure: unknown) => void }[];
let search: Search;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  const sources: Sources = {
    known: (query) => (query === "1 2" ? [{ kind: "coordinates", key: "c", point: { lat: 1, lng: 2 } }] : []),
    features: (query, signal) =>
      new Promise((answer, fail) => {
        asked.push({ query, signal, answer, fail });
      }),
    towns: async (query) => (query === "sea" ? Promise.reject(new Error("no basemap")) : [town(`${query} town`)]),
  };
  search = new Search(sources);
});

afterEach(() => vi.useRealTimers());

const keys = () => search.state.value.hits.map((hit) => hit.key);
const pause = () => vi.advanceTimersByTimeAsync(150);

test("asks once when somebody has typed, and shows all that was found together", async () => {
  for (const text of ["r", "ro", " road "]) search.look(text);
  expect(search.text.value).toBe(" road ");
  expect(search.state.value.kind).toBe("loading");
  await pause();
  expect(asked.map((a) => a.query)).toEqual(["road"]);
  asked[0]?.answer([feature("a"), feature("b")]);
  await pause();
  expect(search.state.value.kind).toBe("ready");
  expect(keys()).toEqual(["a", "b", "road town"]);
});

test("the newest text wins, also when an older answer comes after its own", async () => {
  search.look("old");
  await pause();
  search.look("new");
  await pause();
  expect(asked[0]?.signal.aborted).toBe(true);
  asked[1]?.answer([feature("new")]);
  await pause();
  asked[0]?.answer([feature("old")]);
  await pause();
  expect(keys()).toEqual(["new", "new town"]);
});

test("keeps what was found until there is something newer, and lets go of it with the text", async () => {
  search.look("a");
  await pause();
  asked[0]?.answer([feature("a")]);
  await pause();
  search.look("ab");
  expect(search.state.value.kind).toBe("loading");
  expect(keys()).toEqual(["a", "a town"]);
  search.look("  ");
  await pause();
  expect(search.state.value).toEqual({ kind: "idle", hits: [] });
  expect(asked).toHaveLength(1);
});

test("coordinates come first, and nothing is missed for want of a server", async () => {
  search.look("1 2");
  await pause();
  asked[0]?.fail(new ConnectError("the server was not reached", Code.Unavailable));
  await pause();
  expect(search.state.value).toMatchObject({ kind: "failed", reason: "the server was not reached" });
  expect(keys()).toEqual(["c", "1 2 town"]);
});

test("does without towns where there is no basemap", async () => {
  search.look("sea");
  await pause();
  asked[0]?.answer([feature("sea")]);
  await pause();
  expect(search.state.value.kind).toBe("ready");
  expect(keys()).toEqual(["sea"]);
});
