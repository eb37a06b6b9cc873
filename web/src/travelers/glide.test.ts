import { expect, test } from "vitest";
import type { Fix } from "../record/fix";
import { glideTo, isOver, placeAt, standing } from "./glide";

const fix = (lat: number, lng: number, seconds: number): Fix => ({
  point: { lat, lng },
  time: seconds * 1000,
  elevation: null,
  accuracy: null,
  speed: null,
  heading: null,
  battery: null,
});

test("a marker takes as long as its traveler took", () => {
  const [a, b] = [fix(0, 0, 100), fix(1000, 2000, 104)];
  const glide = glideTo(standing(a.point), a, b, 50_000);
  expect(placeAt(glide, 50_000)).toEqual({ lat: 0, lng: 0 });
  expect(placeAt(glide, 51_000)).toEqual({ lat: 250, lng: 500 });
  expect(isOver(glide, 53_999)).toBe(false);
  expect(isOver(glide, 54_000)).toBe(true);
  expect(placeAt(glide, 99_000)).toEqual({ lat: 1000, lng: 2000 });
});

test("a position that comes in the middle of a glide is gone to from there, without a jump", () => {
  const [a, b, c] = [fix(0, 0, 0), fix(1000, 0, 2), fix(1000, 1000, 4)];
  const first = glideTo(standing(a.point), a, b, 0);
  const second = glideTo(first, b, c, 1000);
  expect(placeAt(second, 1000)).toEqual(placeAt(first, 1000));
  expect(placeAt(second, 3000)).toEqual(c.point);
});

test("a long silence is not waited out, and no time at all is a jump", () => {
  const [a, b] = [fix(0, 0, 0), fix(1000, 0, 3600)];
  expect(glideTo(standing(a.point), a, b, 0).lasts).toBe(10_000);
  expect(placeAt(glideTo(standing(b.point), b, { ...a, time: b.time }, 0), 0)).toEqual(a.point);
});

test("the antimeridian is crossed the short way", () => {
  const [a, b] = [fix(0, 1_799_999_000, 0), fix(0, -1_799_999_000, 1)];
  const glide = glideTo(standing(a.point), a, b, 0);
  expect(placeAt(glide, 250).lng).toBe(1_799_999_500);
  expect(placeAt(glide, 750).lng).toBe(-1_799_999_500);
});
