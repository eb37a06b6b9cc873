import { afterEach, describe, expect, test } from "vitest";
import { language, units } from "./language";
import { formatAge, formatBytes, formatDistance, formatDuration, formatElevation, formatSpeed } from "./numbers";

afterEach(() => {
  language.value = "en";
  units.value = "km";
});

describe("in English", () => {
  test.each([
    [0, "0 m"],
    [850.4, "850 m"],
    [999.6, "1.0 km"],
    [12_140, "12.1 km"],
    [99_960, "100 km"],
    [1_204_000, "1,204 km"],
  ])("%d metres are %s", (metres, text) => expect(formatDistance(metres)).toBe(text));

  test.each([
    [14.2, "14 ms"],
    [2100, "2.1 secs"],
    [59_990, "1 min"],
    [38 * 60_000, "38 mins"],
    [130 * 60_000, "2 hrs 10 mins"],
    [120 * 60_000, "2 hrs"],
  ])("%d milliseconds are %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  test("an age has no fractions", () => {
    expect(formatAge(12_900)).toBe("12 secs");
    expect(formatAge(119_000)).toBe("1 min");
  });

  test.each([
    [512, "512 byte"],
    [1400, "1.4 kB"],
    [999_960, "1.0 MB"],
  ])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

test("in miles and feet", () => {
  units.value = "mi";
  expect(formatDistance(100)).toBe("328 ft");
  expect(formatDistance(1609.344)).toBe("1.0 mi");
  expect(formatDistance(400_000)).toBe("249 mi");
  expect(formatElevation(100)).toBe("328 ft");
  expect(formatSpeed(26.8224)).toBe("60 mph");
  expect(formatSpeed(1.2)).toBe("2.7 mph");
});

test("in Chinese", () => {
  language.value = "zh";
  expect(formatDistance(12_140)).toBe("12.1公里");
  expect(formatDuration(130 * 60_000)).toBe("2小时10分钟");
  expect(formatElevation(1204)).toBe("1,204米");
});
