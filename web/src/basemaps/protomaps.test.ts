import { expect, test } from "vitest";
import { isOwnFace } from "../map/basemap";
import { protomapsLayers } from "./protomaps";

test("Protomaps' layers ask for nothing that the page does not have", () => {
  for (const shade of ["light", "dark"] as const) {
    const text = JSON.stringify(protomapsLayers("map", shade, "en"));
    expect(text).not.toContain("icon-image");
    const fonts = [...text.matchAll(/"text-font":(\["[^"]+"\])/g)].map(([, font = ""]) => font);
    expect(fonts.length).toBeGreaterThan(5);
    expect(fonts.filter((font) => !isOwnFace(font))).toEqual([]);
  }
});

test("Protomaps' layers differ in their colours alone when the page gets dark", () => {
  const ids = (shade: "light" | "dark") => protomapsLayers("map", shade, "en").map(({ id, type }) => `${id} ${type}`);
  expect(ids("dark")).toEqual(ids("light"));
});
