// Between messages of the contract and plain values.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { PointSchema } from "../gen/routeguide/route_guide_pb";
import type { Bounds, BoundsSchema } from "../gen/routeguide/v1/bounds_pb";
import type { Fix as FixMessage, FixSchema } from "../gen/routeguide/v1/fix_pb";
import type { Point, Rect } from "../geo";
import type { Fix } from "../record/fix";

export function pointMessage(p: Point) {
  return create(PointSchema, { latitude: p.lat, longitude: p.lng });
}

export function pointOf(message: { latitude: number; longitude: number } | undefined): Point {
  return { lat: message?.latitude ?? 0, lng: message?.longitude ?? 0 };
}

export function boundsMessage(r: Rect): MessageInitShape<typeof BoundsSchema> {
  return {
    southwest: { latitude: r.south, longitude: r.west },
    northeast: { latitude: r.north, longitude: r.east },
  };
}

export function rectOf({ southwest, northeast }: Bounds): Rect {
  const [sw, ne] = [pointOf(southwest), pointOf(northeast)];
  return { south: sw.lat, west: sw.lng, north: ne.lat, east: ne.lng };
}

/** Milliseconds since the epoch; 0 for none. */
export function timeOf(time: Timestamp | undefined): number {
  return time ? timestampMs(time) : 0;
}

export function fixOf(message: FixMessage | undefined): Fix {
  const { elevation = null, accuracy = null, speed = null, heading = null, battery = null } = message ?? {};
  return {
    point: pointOf(message?.location),
    time: timeOf(message?.time),
    elevation,
    accuracy,
    speed,
    heading,
    battery,
  };
}

/** A time of 0 is left to the server. */
export function fixMessage({ point, time, ...measured }: Fix): MessageInitShape<typeof FixSchema> {
  return {
    location: pointMessage(point),
    ...(time && { time: timestampFromMs(time) }),
    ...Object.fromEntries(Object.entries(measured).filter(([, value]) => value !== null)),
  };
}
