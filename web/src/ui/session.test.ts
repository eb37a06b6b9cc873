import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { signIn, splitKey } from "./session";

const post = vi.fn(async (_input: string, _init: RequestInit) => new Response(null, { status: 204 }));
const replace = vi.fn();

function openAt(hash: string): void {
  vi.stubGlobal("location", { pathname: "/", search: "?a=b", hash });
}

beforeEach(() => {
  vi.stubGlobal("fetch", post);
  vi.stubGlobal("history", { state: null, replaceState: replace });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

test.each([
  ["", null, ""],
  ["#", null, ""],
  ["#view=chat", null, "#view=chat"],
  ["#key=", null, ""],
  ["#key=ABC", "ABC", ""],
  ["#key=ABC&view=chat&place=1,2", "ABC", "#view=chat&place=1,2"],
  ["#view=chat&key=ABC", "ABC", "#view=chat"],
  ["#monkey=ABC", null, "#monkey=ABC"],
])("%j has the key %j and the rest %j", (hash, key, rest) => expect(splitKey(hash)).toEqual({ key, rest }));

test("a key leaves the address before it is sent", async () => {
  openAt("#view=chat&key=ABC");
  post.mockImplementationOnce(async () => {
    expect(replace).toHaveBeenCalledExactlyOnceWith(null, "", "/?a=b#view=chat");
    return new Response(null, { status: 204 });
  });
  expect(await signIn()).toBe(true);
  const init = expect.objectContaining({ method: "POST", headers: { authorization: "Bearer ABC" } });
  expect(post).toHaveBeenCalledExactlyOnceWith("/session", init);
});

test("without a key nothing is sent", async () => {
  openAt("#view=chat");
  expect(await signIn()).toBe(false);
  expect(post).not.toHaveBeenCalled();
  expect(replace).not.toHaveBeenCalled();
});

test("without an answer the page goes on", async () => {
  openAt("#key=ABC");
  post.mockRejectedValueOnce(new TypeError("no network"));
  expect(await signIn()).toBe(true);
  expect(replace).toHaveBeenCalledExactlyOnceWith(null, "", "/?a=b");
});
