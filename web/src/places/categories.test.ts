import { expect, test } from "vitest";
import { contrast } from "../testing/contrast";
import { anyPlace, categories, categoryOf } from "./categories";
import { placePicture } from "./picture";
import { kindOf } from "./words";

test.each(categories)("$name can be stored, is called something and can be seen", ({ name, color }) => {
  expect(name).toMatch(/^[a-z0-9-]{1,32}$/);
  expect(kindOf(name)).not.toBe(name);
  expect(contrast(color, "#ffffff")).toBeGreaterThanOrEqual(4.5);
});

test("a kind that is not known here is said as it is, and looks like any place", () => {
  expect(kindOf("geocache")).toBe("geocache");
  expect(categoryOf("geocache")).toEqual({ ...anyPlace, name: "geocache" });
  expect(placePicture("geocache")).toBe(placePicture("trig-point"));
  expect(categoryOf("")).toBeNull();
});
