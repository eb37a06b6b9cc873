import { expect, test } from "vitest";
import { dateOf, timesOf } from "./periods";

const now = new Date(2026, 10, 30, 14, 30).getTime();

test("the last hours and days end now", () => {
  expect(timesOf("hour", "", now)).toEqual({ start: now - 3_600_000, end: now });
  expect(timesOf("week", "", now)).toEqual({ start: now - 7 * 86_400_000, end: now });
});

test("a day is the local one, and today is not over", () => {
  const noon = (day: number) => new Date(2026, 10, day).getTime();
  expect(timesOf("date", "2026-11-28", now)).toEqual({ start: noon(28), end: noon(29) });
  expect(timesOf("date", dateOf(now), now)).toEqual({ start: noon(30), end: now });
  expect(dateOf(now)).toBe("2026-11-30");
});

test("a day that lies ahead has nothing in it", () => {
  const { start, end } = timesOf("date", "2026-12-24", now);
  expect(end).toBe(start);
});
