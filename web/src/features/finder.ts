// The features of the page: what is in view, what of it is listed and drawn, and what the pointer or the keyboard is at.
import { computed, effect, signal } from "@preact/signals";
import { fromDegrees, type Point } from "../geo";
import { onHover, onRest, setFeatures, setHighlight } from "../map/map";
import { listFeatures } from "../rpc";
import { readFeatures } from "../rpc/features";
import { camera, connection, developer, showUnnamed } from "../state";
import { countUnnamed, type Feature, FeatureFinder, filterFeatures, sortByDistance } from "./features";
import { followFeatures } from "./live";

export const finder = new FeatureFinder(listFeatures, async (area, signal) => (await readFeatures(area, signal)).all);

export const filter = signal("");

/** The feature that the pointer is over, on the map or in the list. */
export const hovered = signal<Feature | null>(null);

const withUnnamed = computed(() => developer.value && showUnnamed.value);

const wanted = computed(() => filterFeatures(finder.listing.value.features, filter.value, withUnnamed.value));

/** What the list shows, the nearest to where the map rests first. */
export const rows = computed(() => sortByDistance(wanted.value, camera.value));

/** Filters an array once, so that what is drawn of it stays the same. */
const filtered = computed(() => {
  const [text, unnamed] = [filter.value, withUnnamed.value];
  const known = new WeakMap<readonly Feature[], readonly Feature[]>();
  return (part: readonly Feature[]) => {
    const result = known.get(part) ?? filterFeatures(part, text, unnamed);
    known.set(part, result);
    return result;
  };
});

export const unnamedCount = computed(() => countUnnamed(finder.listing.value.features));

/** The name of the kept feature that is at exactly this point, "" for one without; null where there is none. */
export function featureName(point: Point): string | null {
  return finder.at(point)?.name ?? null;
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
  onRest((viewport) => finder.look(viewport.rect));
  onHover((feature) => {
    hovered.value = feature;
  });
  followFeatures(finder);
  effect(() => setFeatures(finder.parts.value.map(filtered.value), wanted.value));
  effect(() => setHighlight(hovered.value?.point ?? null));
  effect(() => {
    if (connection.value.kind === "live" && finder.listing.peek().kind === "failed") finder.again();
  });
}
