import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testStorage } from "../testing/storage";

const here = { lat: 1, lng: 2 };
const there = { lat: 3, lng: 4 };

/** The module as a page that was just loaded has it; `tell` is what happens when another page stores something. */
async function load() {
  vi.resetModules();
  let tell = () => {};
  vi.stubGlobal("addEventListener", (event: string, handler: () => void) => {
    if (event === "storage") tell = handler;
  });
  return { ...(await import("./seen")), tell };
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1000 });
  vi.stubGlobal("localStorage", testStorage());
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("what was there at the first visit is seen; what comes is not, until one looks", async () => {
  const page = await load();
  expect(page.isUnseen({ point: here, time: 900 })).toBe(false);
  expect(page.isUnseen({ point: here, time: 1100 })).toBe(true);
  page.markSeen(here, 1100);
  expect(page.isUnseen({ point: here, time: 1100 })).toBe(false);
  expect(page.isUnseen({ point: here, time: 1101 })).toBe(true);
  expect(page.isUnseen({ point: there, time: 1100 })).toBe(true);
});

test("a later page and one that is open at the same time know it", async () => {
  const one = await load();
  const other = await load();
  one.markSeen(here, 1500);
  other.markSeen(there, 1600);
  one.tell();
  vi.setSystemTime(9000);
  for (const page of [one, await load()]) {
    expect(page.isUnseen({ point: here, time: 1500 })).toBe(false);
    expect(page.isUnseen({ point: there, time: 1600 })).toBe(false);
    expect(page.isUnseen({ point: { lat: 5, lng: 6 }, time: 2000 })).toBe(true);
  }
});

test("of very many places the oldest are taken as seen", async () => {
  const page = await load();
  for (let i = 0; i < 600; i++) page.markSeen({ lat: i, lng: 0 }, 2000 + i);
  expect(JSON.parse(localStorage.getItem("routeguide.seen") ?? "").since).toBe(2099);
  expect(page.isUnseen({ point: { lat: 50, lng: 0 }, time: 2050 })).toBe(false);
  expect(page.isUnseen({ point: { lat: 599, lng: 0 }, time: 2600 })).toBe(true);
});
