// Where the page's search looks, and what choosing a result does.
import { fold, splitName } from "../features/features";
import { distance, formatDistance, formatPoint, fromDegrees, type Rect } from "../geo";
import { flyTo, onRest } from "../map/map";
import { type MapFeature, searchFeatures } from "../rpc/features";
import { camera, type Place, place, view } from "../state";
import { goTo, roster } from "../travelers/travelers";
import { narrow } from "../ui/sheet";
import { parseCoordinates } from "./coordinates";
import { type Hit, Search } from "./search";
import { Gazetteer, zoomOf } from "./towns";
import { words } from "./words";

const MOST_FEATURES = 8;
const MOST_TOWNS = 5;
const MOST_TRAVELERS = 3;

let seen: Rect | null = null;
const gazetteer = new Gazetteer();

/** The middle of the map. */
const here = () => fromDegrees(camera.peek().latitude, camera.peek().longitude);

export const search = new Search({
  known: (query) => [...coordinates(query), ...travelers(query)],
  async features(query, signal) {
    const [near, all] = await Promise.all([
      seen ? searchFeatures(query, seen, signal) : [],
      searchFeatures(query, null, signal),
    ]);
    const hit =
      (inView: boolean) =>
      (feature: MapFeature): Hit => ({ kind: "feature", key: feature.id, feature, inView });
    const known = new Set(near.map((feature) => feature.id));
    const others = all.filter((feature) => !known.has(feature.id));
    return [...near.map(hit(true)), ...others.map(hit(false))].slice(0, MOST_FEATURES);
  },
  async towns(query) {
    const found = await gazetteer.search(query, here(), MOST_TOWNS);
    return found.map((town, i) => ({ kind: "town", key: `town ${i}`, town }));
  },
});

function coordinates(query: string): Hit[] {
  const point = parseCoordinates(query);
  return point ? [{ kind: "coordinates", key: "coordinates", point }] : [];
}

function travelers(query: string): Hit[] {
  const wanted = fold(query).split(/\s+/);
  return roster.state
    .peek()
    .travelers.filter(({ name }) => wanted.every((word) => ` ${fold(name)}`.includes(` ${word}`)))
    .slice(0, MOST_TRAVELERS)
    .map(({ route, name, position }) => ({ kind: "traveler", key: route, route, name, point: position.point }));
}

/** What stands in the first and the second line of a result. */
export function linesOf(hit: Hit): [title: string, detail: string] {
  switch (hit.kind) {
    case "coordinates":
      return [formatPoint(hit.point), words.coordinates];
    case "traveler":
      return [hit.name, `${words.traveler} · ${away(hit.point)}`];
    case "feature": {
      const [title, detail] = splitName(hit.feature.name);
      return [
        title || words.unnamed,
        [detail, hit.inView ? words.here : away(hit.feature.point)].filter(Boolean).join(" · "),
      ];
    }
    case "town":
      return [hit.town.name, `${words.kinds[hit.town.kind] ?? ""} · ${away(hit.town.point)}`];
  }
}

function away(point: MapFeature["point"]): string {
  return words.elsewhere(formatDistance(distance(here(), point)));
}

/** Shows what was found on the map. */
export function choose(hit: Hit): void {
  switch (hit.kind) {
    case "coordinates":
      show({ point: hit.point, name: "" });
      break;
    case "feature":
      show({ point: hit.feature.point, name: hit.feature.name });
      break;
    case "traveler": {
      const traveler = roster.get(hit.route);
      view.value = "travelers";
      if (traveler) goTo(traveler);
      else flyTo(hit.point);
      break;
    }
    case "town":
      flyTo(hit.town.point, zoomOf(hit.town));
      break;
  }
}

function show(found: Place): void {
  // On a phone the place's card is seen beside the list of places only.
  if (narrow.peek() && view.peek() !== "chat") view.value = "features";
  place.value = found;
  flyTo(found.point);
}

/** Ranks what is in view first from now on. Call it once. */
export function startSearch(): void {
  onRest(({ rect }) => {
    seen = rect;
  });
}
