// The features of the page: what is in view, what of it is listed and drawn, and what the pointer or the keyboard is at.
import { computed, effect, signal } from "@preact/signals";
import { fromDegrees, type Point } from "../geo";
import { map } from "../map/provided";
import { listFeatures } from "../rpc";
import { nearestFeatures, readFeatures, searchFeatures } from "../rpc/features";
import { camera, connection, developer, showUnnamed } from "../state";
import { countUnnamed, type Feature, FeatureFinder, filterFeatures, sortByDistance } from "./features";
import { followFeatures } from "./live";

/** Features of a crowded view that are listed: what the server gives at once. */
const MOST_OF_CROWD = 100;

export const finder = new FeatureFinder({
  list: listFeatures,
  describe: async (area, signal) => (await readFeatures(area, signal)).all,
  nearest: (_view, signal) => {
    const { latitude, longitude } = camera.peek();
    return nearestFeatures(fromDegrees(latitude, longitude), MOST_OF_CROWD, signal);
  },
});

export const filter = signal("");

/** The feature that the pointer is over, on the map or in the list. */
export const hovered = signal<Feature | null>(null);

const withUnnamed = computed(() => developer.value && showUnnamed.value);

/** Whether it is the server that filters: of a crowded view not all is here. */
export const asksServer = computed(() => finder.crowd.value !== null && filter.value.trim() !== "");

/** What the server found by the filter, which may be more than this. */
const found = signal<readonly Feature[]>([]);

const wanted = computed(() =>
  asksServer.value ? found.value : filterFeatures(finder.listing.value.features, filter.value, withUnnamed.value),
);

/** There may be more of them than are listed. */
export const cut = computed(() => asksServer.value && found.value.length === MOST_OF_CROWD);

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

/** How many features are in view, without those that have no name where they are known. */
export const inView = computed(() => finder.crowd.value ?? finder.listing.value.features.length - unnamedCount.value);

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

/** Milliseconds for which somebody writes before the server is asked. */
const WRITING = 200;
/** Characters that a search may have. */
const MOST_QUERY = 200;

function askServer(): (() => void) | undefined {
  void finder.listing.value; // it comes with each move
  const [text, area] = [filter.value.trim().slice(0, MOST_QUERY), finder.view];
  if (!asksServer.value || !area) return;
  const control = new AbortController();
  const timer = setTimeout(() => {
    searchFeatures(text, area, MOST_OF_CROWD, control.signal).then(
      (features) => {
        found.value = features;
      },
      () => {}, // Those of before stay; that there is no connection is said elsewhere.
    );
  }, WRITING);
  return () => {
    clearTimeout(timer);
    control.abort();
  };
}

/** Looks around with the map, and again when the server that could not be reached is back. */
export function startFinder(): void {
  map.moves.onRest((viewport) => finder.look(viewport.rect));
  map.pointing.onHover((feature) => {
    hovered.value = feature;
  });
  followFeatures(finder, () => map.features.refreshCrowd());
  effect(askServer);
  effect(() => {
    const crowded = finder.crowd.value !== null;
    map.features.showCrowd(crowded && !asksServer.value);
    const parts = asksServer.value ? [found.value] : crowded ? [] : finder.parts.value.map(filtered.value);
    map.features.show(parts, crowded && !asksServer.value ? 0 : wanted.value.length);
    map.pointing.forget();
  });
  effect(() => map.drawings.setHighlight(hovered.value?.point ?? null));
  effect(() => {
    if (connection.value.kind === "live" && finder.listing.peek().kind === "failed") finder.again();
  });
}
