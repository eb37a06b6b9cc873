import { expect, test } from "vitest";
import { dayOf, momentOf, timeOf } from "./dates";

const at = (year: number, month: number, day: number, hour = 12, minute = 0) =>
  new Date(year, month - 1, day, hour, minute).getTime();

test.each([
  [at(2026, 3, 10, 0, 1), "today"],
  [at(2026, 3, 9, 23, 59), "yesterday"],
  [at(2026, 3, 8), "8 Mar"],
  [at(2025, 11, 18), "18 Nov 2025"],
])("%i is %s", (ms, day) => {
  expect(dayOf(ms, at(2026, 3, 10, 23, 50))).toBe(day);
});

test("each midnight makes another day, also where the clock changes", () => {
  for (let month = 1; month <= 12; month++) {
    for (let day = 1; day <= 28; day++) {
      expect(dayOf(at(2026, month, day, 23, 59), at(2026, month, day + 1, 0, 1))).toBe("yesterday");
    }
  }
});

test("a moment of today is its time, an older one its day", () => {
  const now = at(2026, 3, 10, 15);
  expect(momentOf(at(2026, 3, 10, 9, 5), now)).toBe(timeOf(at(2026, 3, 10, 9, 5)));
  expect(momentOf(at(2026, 3, 8, 9, 5), now)).toBe("8 Mar");
});
