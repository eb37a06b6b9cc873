import { expect, test } from "vitest";
import { testRoute } from "../testing/route";
import { byDay, matching, titleOf } from "./days";

const at = (day: number, hour: number) => new Date(2030, 0, day, hour).getTime();
const now = at(20, 12);

test("routes are grouped by day, with what they come to", () => {
  const rows = byDay([testRoute("c", at(20, 9)), testRoute("b", at(20, 8)), testRoute("a", at(19, 8))], now);
  expect(rows.map((row) => (row.kind === "day" ? row.text : row.key))).toEqual([
    "Today · 2 routes · 2.0 km",
    "c",
    "b",
    "Yesterday · 1 route · 1.0 km",
    "a",
  ]);
});

test("every word is looked for in name and traveler", () => {
  const routes = [
    testRoute("a", 1, { name: "Café by the lake", traveler: "Ada" }),
    testRoute("b", 1, { name: "Ridge", traveler: "Zoë" }),
  ];
  const ids = (text: string) => matching(routes, text).map((route) => route.id);
  expect(ids("")).toEqual(["a", "b"]);
  expect(ids("cafe ADA")).toEqual(["a"]);
  expect(ids("zoe")).toEqual(["b"]);
  expect(ids("lake zoe")).toEqual([]);
});

test("a route without a name is called after its traveler, or its time", () => {
  expect(titleOf(testRoute("a", at(1, 9), { name: "Ridge", traveler: "Ada" }))).toBe("Ridge");
  expect(titleOf(testRoute("a", at(1, 9), { traveler: "Ada" }))).toMatch(/^Ada, 0?9:00/);
  expect(titleOf(testRoute("a", at(1, 9)))).toMatch(/^Route at 0?9:00/);
});
