import { afterEach, expect, test } from "vitest";
import { builtIn, chosen, offers, readOffers, wish } from "./offers";

afterEach(() => {
  offers.value = null;
  wish.value = "";
});

const told = { basemaps: [{ name: "Jersey", kind: "vector", url: "/basemap/0.pmtiles", attribution: "© OSM" }] };

test("the server's first map is drawn until somebody chooses, and when theirs is gone", () => {
  expect(chosen.value).toBeNull();
  offers.value = [...readOffers(told), builtIn];
  expect(chosen.value?.name).toBe("Jersey");
  wish.value = "Built-in";
  expect(chosen.value).toBe(builtIn);
  wish.value = "Hills";
  expect(chosen.value?.name).toBe("Jersey");
});

test("what the page cannot draw is not offered", () => {
  expect(readOffers(null)).toEqual([]);
  expect(readOffers({})).toEqual([]);
  expect(
    readOffers({
      basemaps: [
        { name: "Next", kind: "globe", url: "/globe" },
        { name: "", kind: "style" },
      ],
    }),
  ).toEqual([]);
  expect(readOffers(told)).toHaveLength(1);
});
