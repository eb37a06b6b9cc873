// What is where on a map.
import type { MapMouseEvent } from "maplibre-gl";
import type { Group } from "../chat/arrange";
import { noteLayer } from "../chat/layers";
import { EARTH_RADIUS, fromDegrees } from "../geo";
import { routeLayer } from "../routes/layers";
import type { Place } from "../state";
import { travelerLayer } from "../travelers/layers";
import type { Drawings } from "./drawings";
import type { FeatureDrawing } from "./feature-drawing";
import type { Stage } from "./stage";

/** Where somebody points: a pixel, and what is there. */
export type Aim = Pick<MapMouseEvent, "point" | "lngLat">;

/** A traveler or a route on the map, by the route's id. `more` is whether it was clicked with the shift key. */
export interface Mark {
  readonly kind: "traveler" | "route";
  readonly route: string;
  readonly more: boolean;
}

/** What was hit, null for nothing, and that or the exact point. */
export interface Aimed {
  readonly hit: Place | null;
  readonly here: Place;
}

/** Looks for what is drawn within so many pixels of where somebody points. */
export class Hits {
  constructor(
    readonly stage: Stage,
    readonly features: FeatureDrawing,
    readonly drawings: Drawings,
  ) {}

  aimAt(aim: Aim, reach: number): Aimed {
    const noted = this.notesAt(aim, reach);
    const hit = this.featureAt(aim, reach) ?? (noted && { point: noted.place.point, name: "" });
    return { hit, here: hit ?? { point: fromDegrees(aim.lngLat.lat, aim.lngLat.lng), name: "" } };
  }

  featureAt(aim: Aim, reach: number): Place | null {
    const hit = this.#hit(aim, reach, this.features.layers);
    return hit ? this.features.of(hit.properties) : null;
  }

  /** Places with notes, which need not be features. */
  notesAt(aim: Aim, reach: number): Group | null {
    return this.drawings.notesOf(Number(this.#hit(aim, reach, [noteLayer])?.properties.i ?? -1));
  }

  /** The traveler there, or the route where there is nothing else. */
  markAt(event: MapMouseEvent, reach: number): Mark | null {
    const more = event.originalEvent.shiftKey;
    for (const [kind, layer] of [
      ["traveler", travelerLayer],
      ["route", routeLayer],
    ] as const) {
      const hit = this.#hit(event, reach, [layer]);
      if (hit) return { kind, route: String(hit.properties.route), more };
    }
    return null;
  }

  metresPerPixel(latitude: number): number {
    const zoom = this.stage.map?.getZoom() ?? 0;
    return (2 * Math.PI * EARTH_RADIUS * Math.cos((latitude * Math.PI) / 180)) / (512 * 2 ** zoom);
  }

  #hit({ point: { x, y } }: Aim, reach: number, layers: string[]) {
    return this.stage.drawn?.queryRenderedFeatures(
      [
        [x - reach, y - reach],
        [x + reach, y + reach],
      ],
      { layers },
    )[0];
  }
}
