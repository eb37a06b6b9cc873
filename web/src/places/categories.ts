// What kinds of places have an icon and a colour of their own. The contract takes any other word as well.

export interface Category {
  /** As the server stores it. */
  readonly name: string;
  /** White letters on it have 4.5 : 1. */
  readonly color: string;
  /** Lines on a square of 24, drawn with a stroke of 2. */
  readonly path: string;
}

const DISC = "#b83f06";

/** A place of no kind, or of one that is not known here. */
export const anyPlace: Category = {
  name: "",
  color: DISC,
  path: "M12 3.5a6 6 0 0 1 6 6c0 4-3.7 6.6-6 11-2.3-4.4-6-7-6-11a6 6 0 0 1 6-6ZM12 8v3",
};

export const categories: readonly Category[] = [
  { name: "peak", color: "#7a5230", path: "M3 19.5 10 6l4.5 8M11.5 19.5 16.5 10l4.5 9.5ZM3 19.5h9" },
  {
    name: "viewpoint",
    color: "#8b52da",
    path: "M2.5 12C7 5 17 5 21.5 12 17 19 7 19 2.5 12ZM12 9.5a2.5 2.5 0 1 1-.1 0",
  },
  { name: "hut", color: "#a34a1e", path: "M3 11.5 12 4l9 7.5M5.5 10v10h13V10M10 20v-5.5h4V20" },
  { name: "camp", color: "#26813d", path: "M12 4 3 20h18ZM12 4l-1.2-2M12 4l1.2-2M12 12l-4 8M12 12l4 8" },
  { name: "water", color: "#157c90", path: "M12 3c4 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-6 6-11Z" },
  { name: "food", color: "#bf3a5d", path: "M7 3v18M4 3v5a3 3 0 0 0 6 0V3M17 21v-7h-3V8c0-3 1.5-5 3-5Z" },
  { name: "parking", color: "#1d64b0", path: "M8 20V4h5a4.8 4.8 0 0 1 0 9.6H8" },
  {
    name: "station",
    color: "#4a5568",
    path: "M6 4h12v12H6ZM6 10.5h12M8 16l-2 4.5M16 16l2 4.5M9.5 13.2h.01M14.5 13.2h.01",
  },
  {
    name: "sight",
    color: "#7d6608",
    path: "M4 20.5h16M5 20V9h14v11M5 9V5.5h3V9M10.5 9V5.5h3V9M16 9V5.5h3V9M10 20v-5h4v5",
  },
  { name: "meeting", color: "#4263eb", path: "M6 21V3.5M6 4.5h12l-3 4.2 3 4.3H6" },
  { name: "danger", color: "#c92a2a", path: "M12 4 2.5 20.5h19ZM12 10v4.5M12 17.5h.01" },
];

/** What is drawn for a category; null for "": such a place is a plain dot. */
export function categoryOf(name: string): Category | null {
  if (name === "") return null;
  return categories.find((c) => c.name === name) ?? { ...anyPlace, name };
}
