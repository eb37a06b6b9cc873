import { expect, test } from "vitest";
import { colorOf, colors, initialsOf } from "./person";

/** WCAG 2's relative luminance. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(color.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

test.each(colors)("%s can be read under white letters, and seen on land of either shade", (color) => {
  expect(contrast(color, "#ffffff")).toBeGreaterThanOrEqual(4.5);
  expect(contrast(color, "#f6f4ee")).toBeGreaterThanOrEqual(3);
  expect(contrast(color, "#1a2430")).toBeGreaterThanOrEqual(3);
});

test("a name has one colour, however it is written and whatever the route", () => {
  expect(colorOf("Ada", "r1")).toBe(colorOf(" ada ", "r2"));
});

test("those without a name are told apart by their routes", () => {
  const seen = new Set(Array.from({ length: 40 }, (_, i) => colorOf("", `route-${i}`)));
  expect(seen.size).toBeGreaterThan(10);
});

test.each([
  ["Ada Lovelace", "AL"],
  ["ada", "AD"],
  ["Ada B. Lovelace", "AB"],
  ["é", "É"],
  ["李雷", "李"],
  ["Zoë-Marie", "ZM"],
  ["  🚲 Kim", "KI"],
  ["🚲", ""],
  ["", ""],
])("%j is %j", (name, initials) => expect(initialsOf(name)).toBe(initials));
