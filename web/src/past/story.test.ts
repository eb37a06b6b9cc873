import { expect, test } from "vitest";
import { plainFix } from "../record/fix";
import type { Happening } from "../rpc/area";
import { MOST, Story } from "./story";

const at = (n: number) => ({ lat: n * 1000, lng: 0 });
const step = (time: number, n: number, route = "r1"): Happening => ({
  kind: "step",
  time,
  route,
  traveler: route === "r1" ? "Ada" : "",
  fix: plainFix(at(n), time),
});
const note = (time: number, message: string, n: number): Happening => ({
  kind: "note",
  time,
  note: { id: `c.${time}`, point: at(n), message, traveler: "Ada", time },
});
const feature = { id: "f1", point: at(7), name: "Old mill", description: "", category: "", webAddress: "" };

function storyOf(...happenings: Happening[]): Story {
  const story = new Story();
  for (const happening of happenings) story.add(happening);
  return story;
}

test("somebody is between two points in proportion, not there before the first and gone after the last", () => {
  const story = storyOf(step(10_000, 0), step(20_000, 10), step(30_000, 20));
  const where = (time: number) => story.walkersAt(time).map((w) => w.place.lat);
  expect(where(9_999)).toEqual([]);
  expect(where(15_000)).toEqual([5000]);
  expect(where(30_000 + 600_000)).toEqual([20_000]);
  expect(where(30_000 + 600_001)).toEqual([]);
  expect(story.walkersAt(25_000)[0]?.trail).toEqual([at(0), at(10)]);
  expect(story.span).toEqual({ start: 10_000, end: 30_000 });
});

test("in a break of the route nobody moves, and is known to be old news", () => {
  const story = storyOf(step(0, 0), step(2_000_000, 10));
  expect(story.walkersAt(1_000_000)).toMatchObject([{ place: at(0), old: true }]);
  expect(story.walkersAt(2_000_000)).toMatchObject([{ place: at(10), old: false }]);
});

test("notes are there from when they were written, the newest place first", () => {
  const story = storyOf(note(1, "a", 1), note(2, "b", 2), note(3, "c", 1));
  const said = (time: number) =>
    story.placesWith(story.notesUntil(time)).map((p) => `${p.newest.message}×${p.notes.length}`);
  expect(said(0)).toEqual([]);
  expect(said(2)).toEqual(["b×1", "a×1"]);
  expect(said(3)).toEqual(["c×2", "b×1"]);
});

test("what happened between two moments is told in its order, edits with the name and place they had", () => {
  const story = storyOf(
    { kind: "feature", time: 1, feature },
    note(2, "a", 1),
    { kind: "gone", time: 3, feature: "f1" },
    { kind: "gone", time: 4, feature: "unknown" },
  );
  expect(story.between(0, 1)).toEqual([{ time: 1, name: "Old mill", point: at(7), deleted: false }]);
  expect(story.between(1, 4)).toMatchObject([
    { message: "a" },
    { time: 3, name: "Old mill", point: at(7), deleted: true },
    { time: 4, name: "", point: null, deleted: true },
  ]);
  expect(story.between(0, 9, 1)).toHaveLength(1);
});

test("it has an end for a page's memory", () => {
  const story = new Story();
  let n = 1;
  while (story.add(step(n, n))) n++;
  expect(n).toBe(MOST);
  expect(story.count).toBe(MOST);
});
