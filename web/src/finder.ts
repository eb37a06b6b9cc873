// The features of the page: what is in view, what of it is listed and drawn, and what the pointer or the keyboard is at.
import { computed, effect, signal } from "@preact/signals";
import { countUnnamed, type Feature, FeatureFinder, filterFeatures, sortByDistance } from "./features";
import { fromDegrees, type Point, pointKey } from "./geo";
import { onHover, onMove, setFeatures, setHighlight } from "./map";
import { listFeatures } from "./rpc";
import { camera, connection, showUnnamed } from "./state";

export const finder = new FeatureFinder(listFeatures);

export const filter = signal("");

/** The feature that the pointer is over, on the map or in the list. */
export const hovered = signal<Feature | null>(null);

/** What the map draws: in the server's order, and the same array until something changed. */
export const drawn = computed(() => filterFeatures(finder.listing.value.features, filter.value, showUnnamed.value));

/** What the list shows, the nearest to the centre first. */
export const rows = computed(() => sortByDistance(drawn.value, camera.value));

export const unnamedCount = computed(() => countUnnamed(finder.listing.value.features));

const names = computed(() => new Map(finder.listing.value.features.map((f) => [pointKey(f.point), f.name])));

/** The name of the feature in view that is at exactly this point, "" for one without; null where there is none. */
export function featureName(point: Point): string | null {
  return names.value.get(pointKey(point)) ?? null;
}

/** Lists what is around the place where the map would look if it could be drawn. */
export function lookWithoutMap(): void {
  const { latitude, longitude } = camera.peek();
  const southwest = fromDegrees(latitude - 1, longitude - 1.5);
  const northeast = fromDegrees(latitude + 1, longitude + 1.5);
  finder.look({ south: southwest.lat, west: southwest.lng, north: northeast.lat, east: northeast.lng });
}

/** Looks around with the map, and again when the server that could not be reached is back. */
export function startFinder(): void {
  onMove((viewport) => finder.look(viewport.rect));
  onHover((feature) => {
    hovered.value = feature;
  });
  effect(() => setFeatures(drawn.value));
  effect(() => setHighlight(hovered.value?.point ?? null));
  effect(() => {
    if (connection.value.kind === "live" && finder.listing.peek().kind === "failed") finder.again();
  });
}
