import { expect, test } from "vitest";
import { outline } from "./thumbnail";

test("a route fills its picture, north up", () => {
  const path = outline([
    { lat: 0, lng: 0 },
    { lat: 1000, lng: 1000 },
  ]);
  expect(path).toBe("M10.0 28.0L34.0 4.0");
});

test("the antimeridian is no long line", () => {
  const path = outline([
    { lat: 0, lng: 1_799_999_000 },
    { lat: 0, lng: -1_799_999_000 },
  ]);
  expect(path).toBe("M4.0 16.0L40.0 16.0");
});

test("one point is a dot, none is nothing", () => {
  expect(outline([{ lat: 5, lng: 5 }])).toBe("M22.0 16.0h0");
  expect(outline([])).toBe("");
});
