import type { GeoJSONSource, MapMouseEvent } from "maplibre-gl";
import { clusterLayerOf } from "../features/layers";
import { fromDegrees, type Point, samePoint, toLngLat } from "../geo";
import type { Place } from "../state";
import type { FeatureDrawing } from "./feature-drawing";
import type { Aim, Aimed, Hits, Mark } from "./hits";
import { Listeners, type Stage } from "./stage";

/**
 * What a click means. "browse": it selects what it hits. "draw" and "choose": it goes to onPick instead. A click on a cluster
 * goes nearer, except in "draw". Go back to "browse" when done. The keyboard does the same: Enter where the cross is, in the
 * middle.
 */
export type Mode = "browse" | "draw" | "choose";

/** Where the pointer is, and how many metres a pixel is there. */
export interface Pointer {
  readonly point: Point;
  readonly pixel: number;
}

/** Tells what somebody does on a map with a pointer, a finger or the keyboard. */
export class Pointing {
  readonly #stage: Stage;
  readonly #hits: Hits;
  readonly #features: FeatureDrawing;
  #mode: Mode = "browse";
  #hovered: Place | null = null;
  #marked: Mark | null = null;
  /** A finger rested, and was not lifted yet. */
  #pressed = false;

  readonly #pick = new Listeners<Place>();
  readonly #select = new Listeners<Aimed>();
  readonly #key = new Listeners<"back" | "leave">();
  readonly #hover = new Listeners<Place | null>();
  readonly #mark = new Listeners<Mark>();
  readonly #pointer = new Listeners<Pointer | null>();

  constructor(stage: Stage, hits: Hits, features: FeatureDrawing) {
    this.#stage = stage;
    this.#hits = hits;
    this.#features = features;
  }

  /** In "draw" and "choose": the feature that was hit, at its exact position, or any point with the name "". */
  onPick(handler: (place: Place) => void): () => void {
    return this.#pick.add(handler);
  }

  /** A click in "browse"; with the other button, or a long press, any point counts as hit. */
  onSelect(handler: (aimed: Aimed) => void): () => void {
    return this.#select.add(handler);
  }

  /** In "draw" and "choose", while the map has the focus: Backspace takes the newest point back, Escape leaves the map. */
  onKey(handler: (key: "back" | "leave") => void): () => void {
    return this.#key.add(handler);
  }

  onHover(handler: (place: Place | null) => void): () => void {
    return this.#hover.add(handler);
  }

  /** A click on a traveler or on a route, in "browse". */
  onMark(handler: (mark: Mark) => void): () => void {
    return this.#mark.add(handler);
  }

  /** Where the pointer is over the map; null when it has left. */
  onPointer(handler: (pointer: Pointer | null) => void): () => void {
    return this.#pointer.add(handler);
  }

  setMode(next: Mode): void {
    this.#mode = next;
    this.#cursor();
  }

  /** Gives the keyboard to the map. */
  focus(): void {
    this.#stage.map?.getCanvas().focus();
  }

  /** Nothing is under the pointer any more: what was is drawn anew. */
  forget(): void {
    this.#setHovered(null);
  }

  /** Follows the map, which has just been made. */
  follow(): void {
    const { map } = this.#stage;
    if (!map) return;
    map.on("click", (event) => void this.#click(event));
    map.getCanvas().addEventListener("keydown", (event) => this.#press(event));
    map.on("contextmenu", (event) => {
      // MapLibre makes this event of a finger that rests; on some phones a click follows when it is lifted.
      this.#pressed = !event.originalEvent.isTrusted;
      const { here } = this.#hits.aimAt(event, 5);
      if (this.#mode === "browse") this.#select.tell({ hit: here, here });
    });
    map.on("touchstart", () => {
      this.#pressed = false;
    });
    map.on("mousemove", (event) => {
      this.#setHovered(this.#hits.featureAt(event, 4));
      this.#setMarked(this.#hits.markAt(event, 4));
      const { lat, lng } = event.lngLat;
      this.#pointer.tell({ point: fromDegrees(lat, lng), pixel: this.#hits.metresPerPixel(lat) });
    });
    map.on("mouseout", () => {
      this.#setHovered(null);
      this.#setMarked(null);
      this.#pointer.tell(null);
    });
  }

  /** The map is drawn, and takes clicks: its element says so, with the mode. */
  begin(): void {
    this.#cursor();
  }

  #press(event: KeyboardEvent): void {
    const { map } = this.#stage;
    if (this.#mode === "browse" || !map) return;
    const lngLat = map.getCenter();
    if (event.key === "Enter") this.#pick.tell(this.#hits.aimAt({ point: map.project(lngLat), lngLat }, 10).here);
    else if (event.key === "Backspace") this.#key.tell("back");
    else if (event.key === "Escape") this.#key.tell("leave");
    else return;
    event.preventDefault();
  }

  async #click(event: MapMouseEvent): Promise<void> {
    if (this.#pressed) {
      this.#pressed = false;
      return;
    }
    const mode = this.#mode;
    const reach = matchMedia("(pointer: coarse)").matches ? 14 : 5;
    const at = mode === "browse" ? this.#hits.markAt(event, reach) : null;
    if (at?.kind === "traveler") return this.#mark.tell(at);
    const aimed = this.#hits.aimAt(event, reach);
    if (mode === "draw") return this.#pick.tell(aimed.here);
    const noted = this.#hits.featureAt(event, reach) ? null : this.#hits.notesAt(event, reach);
    if (noted && noted.places > 1) return this.#goNearer(toLngLat(noted.place.point));
    if (!aimed.hit && at) return this.#mark.tell(at);
    if (!aimed.hit && (await this.#openCluster(event))) return;
    if (mode === "choose") this.#pick.tell(aimed.here);
    else this.#select.tell(aimed);
  }

  /** Goes where the features of the cluster part; false where there is none. */
  async #openCluster({ point }: Aim): Promise<boolean> {
    const map = this.#stage.drawn;
    const { source } = this.#features;
    const cluster = map?.queryRenderedFeatures(point, { layers: [clusterLayerOf(source)] })[0];
    if (!map || cluster?.geometry.type !== "Point") return false;
    const [lng = 0, lat = 0] = cluster.geometry.coordinates;
    if (this.#features.crowded) this.#goNearer([lng, lat]);
    else {
      const listed = map.getSource<GeoJSONSource>(source);
      const zoom = await listed?.getClusterExpansionZoom(Number(cluster.properties.cluster_id));
      map.easeTo({ center: [lng, lat], zoom: (zoom ?? map.getZoom()) + 0.2 });
    }
    return true;
  }

  /** Goes where what is drawn as one parts. */
  #goNearer(center: [number, number]): void {
    const { map } = this.#stage;
    map?.easeTo({ center, zoom: map.getZoom() + 2 });
  }

  #setHovered(next: Place | null): void {
    const before = this.#hovered;
    if (next === before || (next && before && samePoint(next.point, before.point))) return;
    this.#hovered = next;
    this.#cursor();
    this.#hover.tell(next);
  }

  #setMarked(next: Mark | null): void {
    if (next?.route === this.#marked?.route) return;
    this.#marked = next;
    this.#cursor();
  }

  #cursor(): void {
    const { map } = this.#stage;
    if (!map) return;
    const over = this.#hovered || this.#marked;
    if (this.#stage.drawn) map.getContainer().dataset.mode = this.#mode;
    map.getCanvas().style.cursor = this.#mode === "browse" ? (over ? "pointer" : "") : "crosshair";
  }
}
