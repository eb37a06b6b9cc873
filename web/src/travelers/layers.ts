// What the map draws of the travelers: a disc each with initials and an arrow, a name, and the line behind them.

import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Point } from "../geo";
import { formatSpeed } from "../geo";
import { lineFeature, pointFeature } from "../map/lines";
import type { Collection } from "../map/overlay";
import type { Fix } from "../record/fix";
import { colorOf, initialsOf } from "./person";
import { arrowPicture, personPicture } from "./picture";
import type { Sighting } from "./roster";
import { words } from "./words";

/** Milliseconds after which a position is old: it is drawn faded, with its age. */
export const OLD = 120_000;

export function isOld({ position }: Sighting, now: number): boolean {
  return now - position.time >= OLD;
}

/** All lines together have about so many points, however many travelers there are. */
const MOST_POINTS = 20_000;

/** The lines behind the travelers, up to the position before the newest. */
export function trails(travelers: readonly Sighting[], now: number): Collection {
  const most = Math.max(10, Math.floor(MOST_POINTS / Math.max(1, travelers.length)));
  return {
    type: "FeatureCollection",
    features: travelers.flatMap((t) => lineFeature(t.trail.slice(-most).map(pointOf), lineLook(t, now)) ?? []),
  };
}

/** Each where `at` says, with the piece of the line between the trail and the disc. */
export function people(travelers: readonly Sighting[], at: (t: Sighting) => Point, now: number): Collection {
  return {
    type: "FeatureCollection",
    features: travelers.flatMap((t) => {
      const here = at(t);
      const last = t.trail.at(-1);
      const tail = last ? lineFeature([last.point, here], lineLook(t, now)) : null;
      return tail ? [tail, person(t, here, now)] : [person(t, here, now)];
    }),
  };
}

function person(t: Sighting, here: Point, now: number): Collection["features"][number] {
  const color = colorOf(t.name, t.route);
  const old = isOld(t, now);
  return pointFeature(here, {
    route: t.route,
    picture: personPicture(color, initialsOf(t.name)),
    ...(t.motion.heading !== null && !old && { arrow: arrowPicture(color), heading: t.motion.heading }),
    label: labelOf(t, now),
    opacity: old ? 0.65 : 1,
  });
}

function labelOf(t: Sighting, now: number): string {
  const more = isOld(t, now)
    ? words.ago(words.minutes(Math.floor((now - t.position.time) / 60_000)))
    : t.motion.speed !== null && t.motion.speed >= 0.5
      ? formatSpeed(t.motion.speed)
      : "";
  return [t.name || (more ? "" : words.unnamed), more].filter((part) => part !== "").join(" · ");
}

function lineLook(t: Sighting, now: number) {
  return { color: colorOf(t.name, t.route), old: isOld(t, now) };
}

const pointOf = (fix: Fix) => fix.point;

/** Layers whose points are travelers that can be chosen. */
export const travelerLayer = "travelers";

const line: ExpressionSpecification = ["==", ["geometry-type"], "LineString"];
const round = { "line-cap": "round", "line-join": "round" } as const;

/** Lies under the names of the basemap. */
export function trailLayers(rim: string): LayerSpecification[] {
  return ["trails", "travelers", "past"].flatMap((source): LayerSpecification[] => [
    {
      id: `${source}-rim`,
      type: "line",
      source,
      filter: line,
      layout: round,
      paint: { "line-color": rim, "line-width": 7, "line-opacity": ["case", ["get", "old"], 0.4, 0.75] },
    },
    {
      id: `${source}-line`,
      type: "line",
      source,
      filter: line,
      layout: round,
      paint: {
        "line-color": ["get", "color"],
        "line-width": 4,
        "line-dasharray": ["case", ["get", "old"], ["literal", [0.01, 2]], ["literal", [1, 0]]],
      },
    },
  ]);
}

export function personLayers(source: string, text: string, halo: string): LayerSpecification[] {
  const point: ExpressionSpecification = ["==", ["geometry-type"], "Point"];
  const opacity: ExpressionSpecification = ["get", "opacity"];
  return [
    {
      id: `${source}-arrow`,
      type: "symbol",
      source,
      filter: ["all", point, ["has", "arrow"]],
      layout: {
        "icon-image": ["get", "arrow"],
        "icon-rotate": ["get", "heading"],
        "icon-rotation-alignment": "map",
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
      paint: { "icon-opacity": opacity },
    },
    {
      id: source,
      type: "symbol",
      source,
      filter: point,
      layout: {
        // Discs may lie over one another, names over no disc.
        "icon-image": ["get", "picture"],
        "icon-allow-overlap": true,
        "text-field": ["get", "label"],
        "text-font": ["Map Bold"],
        "text-size": 12,
        "text-anchor": "left",
        "text-offset": [1.8, 0],
        "text-optional": true,
        "text-max-width": 20,
      },
      paint: {
        "icon-opacity": opacity,
        "text-opacity": opacity,
        "text-color": text,
        "text-halo-color": halo,
        "text-halo-width": 2.5,
      },
    },
  ];
}
