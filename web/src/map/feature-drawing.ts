import type { GeoJSONSource } from "maplibre-gl";
import type { Feature } from "../features/features";
import {
  CROWD,
  clusterMaxZoom,
  crowdFilters,
  crowdLayers,
  featurePoints,
  LISTED,
  pointLayersOf,
} from "../features/layers";
import type { Place } from "../state";
import type { Collection } from "./overlay";
import type { Stage } from "./stage";

/** The features on a map: those that are listed, or the tiles of a crowded view. */
export class FeatureDrawing {
  readonly #stage: Stage;
  #parts: readonly (readonly Feature[])[] = [];
  #seen = 0;
  /** The arrays that the source has, each with the id of its first feature. */
  readonly #placed = new Map<readonly Feature[], number>();
  #nextId = 0;
  #clustered = clusterMaxZoom(0);
  #crowd = false;
  #gone: ReadonlySet<string> = new Set();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Whether it is tiles that are seen. */
  get crowded(): boolean {
    return this.#crowd;
  }

  /**
   * Draws features as clusters and circles. `all` may have more than those that are seen, so that they are there when the map
   * moves; what is drawn of an array is drawn once.
   */
  show(all: readonly (readonly Feature[])[], seen: number): void {
    this.#parts = all;
    this.#seen = seen;
    this.#drawListed();
  }

  /** Draws what the server's tiles have, or nothing of it. */
  showCrowd(shown: boolean): void {
    if (shown === this.#crowd) return;
    this.#crowd = shown;
    this.#drawCrowd();
  }

  /** Features with these identifiers are left out where tiles have them by themselves. */
  leaveOut(ids: ReadonlySet<string>): void {
    this.#gone = ids;
    this.#drawCrowd();
  }

  /** Features have changed: asks for the tiles in view again. Those that are the same cost an answer without content. */
  refreshCrowd(): void {
    if (this.#crowd) this.#stage.drawn?.refreshTiles(CROWD);
  }

  draw(): void {
    this.#drawListed();
    this.#drawCrowd();
  }

  /** The layers in which there are features to be hit. */
  get layers(): string[] {
    return pointLayersOf(this.#crowd ? CROWD : LISTED);
  }

  get source(): string {
    return this.#crowd ? CROWD : LISTED;
  }

  /** What was hit, by its properties. A tile's points are on its grid, so it says where they are. */
  of(properties: Record<string, unknown>): Place | null {
    if (this.#crowd) {
      const point = { lat: Number(properties.latitude), lng: Number(properties.longitude) };
      return { point, name: String(properties.name ?? "") };
    }
    const id = Number(properties.i);
    for (const [part, first] of this.#placed) {
      if (id >= first && id < first + part.length) return part[id - first] ?? null;
    }
    return null;
  }

  #drawListed(): void {
    const source = this.#stage.drawn?.getSource<GeoJSONSource>(LISTED);
    if (!source) return;
    const zoom = clusterMaxZoom(this.#seen);
    if (zoom !== this.#clustered) {
      source.setClusterOptions({ cluster: true, clusterMaxZoom: zoom });
      this.#clustered = zoom;
    }
    const wanted = new Set(this.#parts.filter((part) => part.length > 0));
    const remove: number[] = [];
    for (const [part, first] of this.#placed) {
      if (wanted.has(part)) continue;
      this.#placed.delete(part);
      for (let i = 0; i < part.length; i++) remove.push(first + i);
    }
    const add: Collection["features"] = [];
    for (const part of wanted) {
      if (this.#placed.has(part)) continue;
      this.#placed.set(part, this.#nextId);
      for (const feature of featurePoints(part, this.#nextId)) add.push(feature);
      this.#nextId += part.length;
    }
    if (remove.length + add.length === 0) return;
    source.updateData(this.#placed.size === 0 ? { removeAll: true } : { remove, add });
  }

  #drawCrowd(): void {
    const map = this.#stage.drawn;
    if (!map) return;
    for (const layer of crowdLayers) map.setLayoutProperty(layer, "visibility", this.#crowd ? "visible" : "none");
    for (const { layer, filter } of crowdFilters(this.#gone)) map.setFilter(layer, filter);
  }
}
