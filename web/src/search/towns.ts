// Towns and other names of the built-in basemap: they are found without the server.

import { fold } from "../features/features";
import { distance, fromDegrees, type Point } from "../geo";
import { fileOf } from "../map/basemap";

export interface Town {
  /** As in `city`, `county`, `state`, `country`, `water`. */
  readonly kind: string;
  readonly name: string;
  readonly point: Point;
  /** People of a city; square degrees of an area. */
  readonly size: number;
}

interface Entry extends Town {
  readonly folded: string;
}

/** What is named on the basemap; it is fetched for the first search, from what the browser has kept of it for the map. */
export class Gazetteer {
  readonly #load: () => Promise<GeoJSON.FeatureCollection<GeoJSON.Point>>;
  #entries: Promise<Entry[]> | null = null;

  constructor(load = loadLabels) {
    this.#load = load;
  }

  /**
   * Names that have words with these beginnings; those that begin so come first, then the large ones and, of those that are
   * equally large, the ones near `here`. Rejects when there is no basemap.
   */
  async search(query: string, here: Point, most: number): Promise<Town[]> {
    const words = fold(query)
      .split(/[\s,]+/)
      .filter(Boolean);
    const [first] = words;
    if (!first) return [];
    const all = await this.#read();
    const found = all.filter(({ folded }) =>
      words.every((w) => folded.startsWith(w) || folded.includes(` ${w}`) || folded.includes(`-${w}`)),
    );
    const rank = (t: Entry) => (t.folded.startsWith(first) ? 0 : 1);
    return found
      .map((town) => ({ town, rank: rank(town), weight: weightOf(town), metres: distance(here, town.point) }))
      .sort((a, b) => a.rank - b.rank || b.weight - a.weight || a.metres - b.metres)
      .slice(0, most)
      .map(({ town }) => town);
  }

  #read(): Promise<Entry[]> {
    const entries = this.#entries ?? this.#load().then(({ features }) => features.map(entryOf));
    this.#entries = entries;
    entries.catch(() => {
      this.#entries = null;
    });
    return entries;
  }
}

async function loadLabels(): Promise<GeoJSON.FeatureCollection<GeoJSON.Point>> {
  const answer = await fetch(fileOf("labels"));
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

function entryOf({ properties, geometry }: GeoJSON.Feature<GeoJSON.Point>): Entry {
  const [lng = 0, lat = 0] = geometry.coordinates;
  const { kind = "", name = "", size = 0 } = properties ?? {};
  return { kind, name, size, point: fromDegrees(lat, lng), folded: fold(name) };
}

/** Larger is looked for more often: countries before millions, towns of about the same size are equal. */
function weightOf({ kind, size }: Town): number {
  if (kind === "country") return 9;
  if (kind === "state") return 7;
  return kind === "city" ? Math.floor(Math.log10(Math.max(1, size))) : 3;
}

/** How near the map goes, so that all of it is seen. */
export function zoomOf({ kind, size }: Town): number {
  if (kind === "city") return size > 1e6 ? 10 : 12;
  if (kind === "county") return 9;
  return kind === "state" ? 6 : size > 100 ? 3 : 5;
}
