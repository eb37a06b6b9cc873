import { describe, expect, test } from "vitest";
import { lookAt, mercator, PointLayer } from "./point-layer";

const at = (lat: number, lng: number) => ({ point: { lat: lat * 1e7, lng: lng * 1e7 }, name: "" });

test("the projection's corners and middle", () => {
  expect(mercator({ lat: 0, lng: 0 })).toEqual([0.5, 0.5]);
  const [x, y] = mercator({ lat: 850_511_290, lng: -1_800_000_000 });
  expect(x).toBe(0);
  expect(y).toBeCloseTo(0, 6);
  expect(mercator({ lat: -900_000_000, lng: 1_800_000_000 })[1]).toBeCloseTo(1, 6);
});

describe("the nearest point", () => {
  const layer = new PointLayer(() => lookAt(8, -75, -74));
  const near = [at(40, -74), at(40.001, -74)] as const;
  const far = [at(-20, 100)] as const;
  layer.setPoints([near, far]);

  test("is found in reach only", () => {
    const reach = 0.001 / 360;
    expect(layer.nearest(at(40.0009, -74).point, reach)).toBe(near[1]);
    expect(layer.nearest(at(40, -74.0002).point, reach)).toBe(near[0]);
    expect(layer.nearest(at(-20, 100.0005).point, reach)).toBe(far[0]);
    expect(layer.nearest(at(41, -74).point, reach)).toBeNull();
  });

  test("is none of none", () => {
    expect(new PointLayer(() => lookAt(8, 0, 1)).nearest(at(0, 0).point, 1)).toBeNull();
  });
});

test.each([
  [-75, -74, [0]],
  [170, 190, [0, 1]],
  [-190, 190, [-1, 0, 1]],
  [-200, -190, [-1]],
])("between %d° and %d° the worlds %j are seen", (west, east, worlds) =>
  expect(lookAt(5, west, east).worlds).toEqual(worlds),
);

test("points grow with the zoom, within bounds", () => {
  expect(lookAt(0, 0, 1).size).toBe(2);
  expect(lookAt(8, 0, 1).size).toBe(6);
  expect(lookAt(18, 0, 1).size).toBe(10);
});
