// Keeps the map's routes as they are shown: their lines, and who was where at the moment that is looked at.
import { effect, type ReadonlySignal } from "@preact/signals";
import { lineFeature, pointFeature } from "../map/lines";
import * as map from "../map/map";
import type { Route } from "../rpc/routes";
import { initialsOf } from "../travelers/person";
import { personPicture } from "../travelers/picture";
import type { ShownRoute } from "./shown";
import { placeAt } from "./timeline";

export interface RouteDrawing {
  readonly shown: ReadonlySignal<readonly ShownRoute[]>;
  readonly focused: ReadonlySignal<string | null>;
  /** null for the present. */
  readonly at: ReadonlySignal<number | null>;
  readonly following: ReadonlySignal<boolean>;
  colorOf(route: Route): string;
}

export function drawRoutes({ shown, focused, at, following, colorOf }: RouteDrawing): void {
  effect(() => {
    const features = shown.value.flatMap(({ id, route, track }) => {
      const look = { route: id, color: colorOf(route.value), focused: id === focused.value };
      return (
        lineFeature(
          track.value.fixes.map((fix) => fix.point),
          look,
        ) ?? []
      );
    });
    map.put("routes", { type: "FeatureCollection", features });
  });
  effect(() => {
    const time = at.value;
    const features = shown.value.flatMap(({ id, route, track }) => {
      const place = time === null ? null : placeAt(track.value.fixes, time);
      if (!place) return [];
      if (id === focused.value && following.value) map.keepCentral(place);
      const { traveler } = route.value;
      const picture = personPicture(colorOf(route.value), initialsOf(traveler));
      return pointFeature(place, { route: id, picture, label: traveler, opacity: 1 });
    });
    map.put("replayed", { type: "FeatureCollection", features });
  });
}
