import type { GeoJSONSource } from "maplibre-gl";
import type { Group } from "../chat/arrange";
import { notePoints } from "../chat/layers";
import type { Point } from "../geo";
import { type Collection, empty, line, type Overlay, points } from "./overlay";
import type { Stage } from "./stage";

/** What is drawn on a map besides features, each of it by the overlay it is in. */
export class Drawings {
  readonly #stage: Stage;
  readonly #shown = new Map<Overlay, Collection>();
  #notes: readonly Group[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Draws this in place of what the overlay had. */
  put(overlay: Overlay, data: Collection): void {
    this.#shown.set(overlay, data);
    this.#stage.drawn?.getSource<GeoJSONSource>(overlay)?.setData(data);
  }

  draw(): void {
    for (const [overlay, data] of this.#shown) this.put(overlay, data);
  }

  /** The ring around a feature that the pointer is over, here or in the list. */
  setHighlight(point: Point | null): void {
    this.put("hover", point ? points([point]) : empty);
  }

  setSelection(point: Point | null, tone: "feature" | "note"): void {
    this.put("selection", point ? points([point], () => ({ tone })) : empty);
  }

  /** The recorded route; from index `stored` on it is drawn as not stored yet. */
  setTrack(list: readonly Point[], stored = list.length): void {
    this.put("track", line(list.slice(0, stored)));
    this.put("unsent", line(list.slice(Math.max(0, stored - 1))));
  }

  /** The way that a drive will go, and its numbered stops. */
  setRoutePreview(list: readonly Point[], stops: readonly Point[] = []): void {
    this.put("preview", line(list));
    this.put(
      "stops",
      points(stops, (i) => ({ number: String(i + 1) })),
    );
  }

  /** Places with notes. */
  setNotes(groups: readonly Group[]): void {
    this.#notes = groups;
    this.put("notes", notePoints(groups));
  }

  /** The places with notes that are drawn with this index. */
  notesOf(index: number): Group | null {
    return this.#notes[index] ?? null;
  }
}
