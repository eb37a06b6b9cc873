import { expect, test } from "vitest";
import { formatLink, parseLink } from "./link";

test("a link says view, place and map", () => {
  expect(parseLink("#view=chat&place=409146138,-746188906&map=8/40.15/-74.55")).toEqual({
    view: "chat",
    console: null,
    place: { lat: 409146138, lng: -746188906 },
    camera: { zoom: 8, latitude: 40.15, longitude: -74.55 },
  });
});

test("a link is read back as it was written", () => {
  const link = {
    view: "record",
    console: null,
    place: { lat: -1, lng: 1 },
    camera: { zoom: 8.5, latitude: 40.15, longitude: -74.55 },
  } as const;
  expect(formatLink(link)).toBe("#view=record&place=-1,1&map=8.5/40.15/-74.55");
  expect(parseLink(formatLink(link))).toEqual(link);
});

test.each([
  "",
  "#",
  "#view=nothing",
  "#place=1&map=1/2",
  "#map=a/b/c",
  "#map=//",
  "#map=99/0/0",
  "#map=3/91/0",
  "#place=900000001,0",
])("%j says nothing", (hash) =>
  expect(parseLink(hash)).toEqual({ view: "travelers", console: null, place: null, camera: null }),
);

test("the map's position is as exact as its zoom", () => {
  const camera = { latitude: 40.123456789, longitude: -74.123456789 };
  expect(formatLink({ view: "features", console: null, place: null, camera: { ...camera, zoom: 2.123 } })).toBe(
    "#view=features&map=2.12/40.1/-74.1",
  );
  expect(formatLink({ view: "features", console: null, place: null, camera: { ...camera, zoom: 16 } })).toBe(
    "#view=features&map=16/40.12346/-74.12346",
  );
});

test("a link opens the console at a method with its input", () => {
  const link = {
    view: "travelers",
    console: { method: "helloworld.Greeter/SayHello", input: '{"name":"Zoë & #1 50%+\\n"}' },
    place: null,
    camera: null,
  } as const;
  expect(formatLink(link)).toMatch(/^#view=console&method=helloworld.Greeter\/SayHello&input=%7B[^&#+ ]*$/);
  expect(parseLink(formatLink(link))).toEqual(link);
  expect(parseLink("#view=console").console).toEqual({ method: "", input: "" });
});
