import { afterEach, expect, test } from "vitest";
import { formatDistance, formatHeight, formatSpeed } from "../geo";
import { en } from "./en";
import { language, languageOf, units, unitsOf } from "./language";
import { wordsOf } from "./words";
import { zh } from "./zh";

afterEach(() => {
  language.value = "en";
  units.value = "km";
});

/** The texts of a part, by name; what takes numbers and names is asked with some. */
function texts(part: object, path = ""): [string, string][] {
  return Object.entries(part).flatMap(([name, said]): [string, string][] => {
    const at = path ? `${path}.${name}` : name;
    if (typeof said === "function") return [[at, String(said(3, 2, 1))]];
    return typeof said === "object" && said !== null ? texts(said, at) : [[at, String(said)]];
  });
}

/** Names, and what apps themselves say. */
const sameInAll = /^(routes\.formats\.|basemaps\.day$|phones\.(gpslogger|osmand|phonetrack)$)/;

test("every text is there in Chinese, and is Chinese", () => {
  language.value = "zh";
  const english = texts(en).map(([name]) => name);
  expect(texts(zh).map(([name]) => name)).toEqual(english);
  const left = texts(zh).filter(
    ([name, text]) => !sameInAll.test(name) && /[a-z]{2}/i.test(text) && !/\p{Script=Han}/u.test(text),
  );
  expect(left).toEqual([]);
});

test("a text follows the language", () => {
  const words = wordsOf("record");
  expect(words.start).toBe("Start recording");
  language.value = "zh";
  expect(words.start).toBe("开始记录");
});

test("the first language that the page has is chosen, and miles where people use them", () => {
  expect(languageOf(["fr-CA", "zh-Hans-CN", "en"])).toBe("zh");
  expect(languageOf(["de"])).toBe("en");
  expect([["en-US"], ["en-GB"], ["en"], ["zh-CN"], []].map(unitsOf)).toEqual(["mi", "mi", "km", "km", "km"]);
});

test("ways, heights and speeds are measured in miles too", () => {
  expect([formatDistance(1609.344 * 7.5), formatHeight(100), formatSpeed(10)]).toEqual(["12.1 km", "100 m", "36 km/h"]);
  units.value = "mi";
  expect([formatDistance(1609.344 * 7.5), formatDistance(100), formatHeight(100), formatSpeed(10)]).toEqual([
    "7.5 mi",
    "328 ft",
    "328 ft",
    "22 mph",
  ]);
});
