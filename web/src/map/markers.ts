import { Marker, Popup } from "maplibre-gl";
import { fromDegrees, type Point, samePoint, toLngLat } from "../geo";
import { element, Listeners, type Stage } from "./stage";

/** Elements that stand on a map. */
export class Markers {
  readonly #stage: Stage;
  readonly #pinned = new Listeners<Point>();
  readonly #attached = new Set<Marker>();
  #traveler: Marker | null = null;
  #pin: Marker | null = null;
  #popup: { readonly box: Popup; readonly point: Point } | null = null;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Where the pin was let go. */
  onPinned(handler: (point: Point) => void): () => void {
    return this.#pinned.add(handler);
  }

  draw(): void {
    for (const marker of [this.#traveler, this.#pin, ...this.#attached, this.#popup?.box ?? null]) this.#add(marker);
  }

  #add(marker: Marker | Popup | null): void {
    if (this.#stage.drawn) marker?.addTo(this.#stage.drawn);
  }

  /** Where who records here is. */
  setTraveler(point: Point | null): void {
    if (!point) {
      this.#traveler?.remove();
      this.#traveler = null;
      return;
    }
    if (this.#traveler) {
      this.#traveler.setLngLat(toLngLat(point));
      return;
    }
    this.#traveler = new Marker({ element: element("traveler-dot") }).setLngLat(toLngLat(point));
    this.#add(this.#traveler);
  }

  /** A pin that is dragged to another place; null takes it off. */
  setPin(point: Point | null): void {
    if (!point) {
      this.#pin?.remove();
      this.#pin = null;
      return;
    }
    if (this.#pin) {
      this.#pin.setLngLat(toLngLat(point));
      return;
    }
    this.#pin = new Marker({ element: element("pin"), anchor: "bottom", draggable: true }).setLngLat(toLngLat(point));
    this.#pin.on("dragend", ({ target }: { target: Marker }) => {
      const { lat, lng } = target.getLngLat();
      this.#pinned.tell(fromDegrees(lat, lng));
    });
    this.#add(this.#pin);
  }

  /** Stands an element over a point, its foot there; what is returned takes it off. */
  attach(point: Point, content: HTMLElement): () => void {
    const marker = new Marker({ element: content, anchor: "bottom" }).setLngLat(toLngLat(point));
    this.#attached.add(marker);
    this.#add(marker);
    return () => {
      this.#attached.delete(marker);
      marker.remove();
    };
  }

  /** A ring that spreads once from a place where a note has just arrived. */
  pulse(point: Point): void {
    const { map } = this.#stage;
    if (!map) return;
    const marker = new Marker({ element: element("pulse") }).setLngLat(toLngLat(point)).addTo(map);
    marker.getElement().firstElementChild?.addEventListener("animationend", () => marker.remove(), { once: true });
  }

  /** Shows an element at a point, or nothing. */
  setPopup(point: Point | null, content: HTMLElement): void {
    if (this.#popup && point && samePoint(this.#popup.point, point)) return;
    this.#popup?.box.remove();
    this.#popup = null;
    if (!point) return;
    const box = new Popup({
      closeButton: false,
      closeOnClick: false,
      focusAfterOpen: false,
      offset: 14,
      maxWidth: "none",
    });
    box.setLngLat(toLngLat(point)).setDOMContent(content);
    this.#popup = { box, point };
    this.#add(box);
  }
}
