// All that the basemaps' room says.
export const words = {
  choose: "Choose the map",
  legend: "Map",
  add: "Add a basemap",
  failed: (name: string) => `The map ${name} cannot be loaded.`,
  why: "The map that is built in is good for the overview: it has no roads. Whoever runs this RouteGuide can give it one of the region, which it then serves by itself.",
  extract:
    "The command pmtiles cuts a region out of Protomaps’ map of the world, which is made of OpenStreetMap every day:",
  /** Stands for a day of the builds in the command. */
  day: "YYYYMMDD",
  start: "RouteGuide is started with it:",
  more: "A style or tiles of another server are possible too. The README tells how.",
};
