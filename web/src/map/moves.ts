import { boundsOf, type Point, type Rect, toLngLat } from "../geo";
import type { Camera } from "../state";
import { element, Listeners, type Stage } from "./stage";
import { type Insets, rectOf, type Viewport, viewportOf } from "./viewport";

/** Where a map looks, and how it gets there: at once when motion is to be reduced. */
export class Moves {
  readonly #stage: Stage;
  readonly #rest = new Listeners<Viewport>();
  readonly #dragged = new Listeners<void>();
  /** Where the keyboard's click is. */
  readonly #crosshair = element("crosshair");
  #insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** When the map has come to rest after a move; at first before it is drawn, with what it is going to show. */
  onRest(handler: (viewport: Viewport) => void): () => void {
    return this.#rest.add(handler);
  }

  /** Somebody begins to drag the map. */
  onDrag(handler: () => void): () => void {
    return this.#dragged.add(handler);
  }

  /** Says what a map in this container is going to show. */
  announce(container: HTMLElement, camera: Camera): void {
    this.#rest.tell(viewportOf(camera, container.clientWidth, container.clientHeight, this.#insets));
  }

  /** Follows the map, which has just been made. */
  follow(): void {
    const { map } = this.#stage;
    if (!map) return;
    map.setPadding(this.#insets);
    map.getContainer().append(this.#crosshair);
    map.on("moveend", () => this.report());
    map.on("dragstart", () => this.#dragged.tell());
  }

  report(): void {
    const { map } = this.#stage;
    if (!map) return;
    const center = map.getCenter().wrap();
    const bounds = map.getBounds();
    this.#rest.tell({
      camera: { zoom: map.getZoom(), latitude: center.lat, longitude: center.lng },
      rect: rectOf(bounds.getSouth(), bounds.getWest(), bounds.getNorth(), bounds.getEast()),
    });
  }

  /** Pixels that the card or the sheet covers: the map's centre is that of what remains. */
  setInsets(next: Insets): void {
    this.#insets = next;
    this.#crosshair.style.translate = `${(next.left - next.right) / 2}px ${(next.top - next.bottom) / 2}px`;
    const { map, drawn } = this.#stage;
    if (drawn) drawn.easeTo({ padding: next, duration: 200 });
    else map?.setPadding(next);
  }

  zoomBy(levels: number): void {
    const { map } = this.#stage;
    map?.easeTo({ zoom: map.getZoom() + levels });
  }

  jumpTo(camera: Camera): void {
    this.#stage.map?.jumpTo({ center: [camera.longitude, camera.latitude], zoom: camera.zoom });
  }

  /** Zooms in to at least 11 where the map looks from further away, or to exactly the zoom that is given. */
  flyTo(point: Point, zoom?: number): void {
    const { map } = this.#stage;
    map?.flyTo({ center: toLngLat(point), zoom: zoom ?? Math.max(map.getZoom(), 11), maxDuration: 1500 });
  }

  /** Moves only when the point is not seen; `below` pixels at the lower edge of what is seen are about to be covered. */
  reveal(point: Point, below = 0): void {
    if (!this.#isSeen(point, below)) this.#stage.map?.easeTo({ center: toLngLat(point) });
  }

  /** Moves along with what goes from one point to another and leaves the part of the map that is seen. */
  goAlong(from: Point, to: Point): void {
    if (this.#isSeen(from) && !this.#isSeen(to)) this.#stage.map?.easeTo({ center: toLngLat(to) });
  }

  /** Moves before the point leaves the middle of what is seen. */
  keepCentral(point: Point): void {
    const { map } = this.#stage;
    if (!map || map.isMoving()) return;
    const { x, y, left, top, width, height } = this.#place(point);
    const central = Math.abs(x - left - width / 2) < width / 5 && Math.abs(y - top - height / 2) < height / 5;
    if (!central) map.easeTo({ center: toLngLat(point), duration: 900 });
  }

  fitTo(list: readonly Point[]): void {
    const bounds = boundsOf(list);
    if (bounds) this.fitToRect(bounds);
  }

  /** Shows all of an area, also one across the antimeridian, `below` pixels at the lower edge left out. */
  fitToRect(area: Rect, below = 0): void {
    const bounds = { ...area, east: area.east < area.west ? area.east + 3_600_000_000 : area.east };
    this.#stage.map?.fitBounds([bounds.west / 1e7, bounds.south / 1e7, bounds.east / 1e7, bounds.north / 1e7], {
      padding: { top: 48, right: 48, bottom: 48 + below, left: 48 },
      maxZoom: 13,
      maxDuration: 1500,
    });
  }

  /** Whether a point is well inside what no card covers, `above` pixels at its lower edge left out. */
  #isSeen(point: Point, above = 0): boolean {
    if (!this.#stage.map) return false;
    const { x, y, left, top, width, height } = this.#place(point);
    return x > left + 24 && x < left + width - 24 && y > top + 24 && y < top + height - above - 24;
  }

  /** Where a point is, and the frame that no card covers; pixels. */
  #place(point: Point) {
    const { map } = this.#stage;
    if (!map) throw new Error("there is no map");
    const { x, y } = map.project(toLngLat(point));
    const { top = 0, right = 0, bottom = 0, left = 0 } = map.getPadding();
    const { clientWidth, clientHeight } = map.getContainer();
    return { x, y, left, top, width: clientWidth - left - right, height: clientHeight - top - bottom };
  }
}
