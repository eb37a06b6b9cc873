import { expect, test } from "vitest";
import { contrast } from "../testing/contrast";
import { colorOf, colors, initialsOf } from "./person";

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
