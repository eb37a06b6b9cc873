import { expect, test } from "vitest";
import type { Note } from "../rpc";
import { threadOf } from "./thread";

const now = new Date(2026, 2, 10, 18).getTime();
const note = (id: string, traveler: string, day: number, hour: number, minute = 0): Note => ({
  ...{ id, traveler, message: id, point: { lat: 1, lng: 2 } },
  time: new Date(2026, 2, day, hour, minute).getTime(),
});
const shape = (notes: Note[]) =>
  threadOf(notes, (n) => n.traveler === "me", now).map((item) =>
    item.kind === "day" ? item.day : `${item.begins ? "+" : ""}${item.own ? "own " : ""}${item.note.id}`,
  );

test("notes of one traveler in one go stand under one name", () => {
  expect(
    shape([
      note("a", "Ada", 10, 9, 0),
      note("b", "Ada", 10, 9, 4),
      note("c", "Ada", 10, 9, 9),
      note("d", "Lin", 10, 9, 9),
    ]),
  ).toEqual(["today", "+a", "b", "+c", "+d"]);
});

test("each day begins with its name, and every note after it with its own", () => {
  expect(shape([note("a", "me", 8, 9), note("b", "me", 9, 23, 59), note("c", "me", 10, 0, 1)])).toEqual([
    "8 Mar",
    "+own a",
    "yesterday",
    "+own b",
    "today",
    "+own c",
  ]);
});

test("two travelers without a name are not taken for one", () => {
  const items = threadOf([note("mine", "", 10, 9), note("other", "", 10, 9)], (n) => n.id === "mine", now);
  expect(items.map((item) => item.kind === "note" && item.begins)).toEqual([false, true, true]);
});

test("nothing makes nothing", () => {
  expect(shape([])).toEqual([]);
});
