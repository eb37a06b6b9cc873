import type { MapView } from "./view";

/** The map that main.ts made for this page. It is there before anything is started or rendered. */
export let map: MapView;

export function provideMap(view: MapView): void {
  map = view;
}
