import { beforeEach, expect, test } from "vitest";
import { Replay, type Span } from "./replay";

let span: Span | null;
let replay: Replay;

beforeEach(() => {
  span = { start: 1_000_000, end: 1_600_000 };
  replay = new Replay(() => span);
});

test("time passes at its pace, from the start to the end, where it pauses", () => {
  replay.pace.value = 60;
  replay.play();
  expect(replay.at.value).toBe(1_000_000);
  replay.pass(1000);
  expect(replay.at.value).toBe(1_060_000);
  replay.pass(60_000);
  expect(replay.at.value).toBe(1_600_000);
  expect(replay.playing.value).toBe(false);
  replay.play();
  expect(replay.at.value).toBe(1_000_000);
});

test("no time passes in a pause", () => {
  replay.play();
  replay.pass(1000);
  replay.pause();
  const at = replay.at.value;
  replay.pass(1000);
  expect(replay.at.value).toBe(at);
});

test("a moment outside is the nearest inside", () => {
  replay.seek(0);
  expect(replay.at.value).toBe(1_000_000);
  replay.seek(9e12);
  expect(replay.at.value).toBe(1_600_000);
});

test("a route that grows meanwhile is played on", () => {
  replay.pace.value = 600;
  replay.play();
  replay.pass(900);
  span = { start: 1_000_000, end: 2_000_000 };
  replay.pass(1000);
  expect(replay.at.value).toBe(2_000_000);
});

test("without a route nothing is played", () => {
  span = null;
  replay.play();
  expect(replay.playing.value).toBe(false);
  expect(replay.at.value).toBeNull();
});
