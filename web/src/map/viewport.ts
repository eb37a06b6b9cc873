// What a map shows of the world, computed without one.
import { fromDegrees, type Rect } from "../geo";
import type { Camera } from "../state";

export interface Viewport {
  readonly camera: Camera;
  readonly rect: Rect;
}

/** Pixels at each edge that something else covers. */
export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** What a map of so many pixels shows in the Mercator projection; its camera is in the middle of what is not covered. */
export function viewportOf(camera: Camera, width: number, height: number, insets: Insets): Viewport {
  const world = 512 * 2 ** camera.zoom;
  const x = (camera.longitude + 180) / 360;
  const y = 0.5 - Math.asinh(Math.tan((camera.latitude * Math.PI) / 180)) / (2 * Math.PI);
  const west = x - (width + insets.left - insets.right) / 2 / world;
  const north = y - (height + insets.top - insets.bottom) / 2 / world;
  const latitude = (at: number) => (Math.atan(Math.sinh((0.5 - at) * 2 * Math.PI)) * 180) / Math.PI;
  return {
    camera,
    rect: rectOf(
      latitude(Math.min(1, north + height / world)),
      west * 360 - 180,
      latitude(Math.max(0, north)),
      (west + width / world) * 360 - 180,
    ),
  };
}

/** Degrees, west and east counted on beyond ±180, as an area; the whole way round where the world is seen more than once. */
export function rectOf(south: number, west: number, north: number, east: number): Rect {
  const whole = east - west >= 360;
  const southwest = fromDegrees(south, whole ? -180 : west);
  const northeast = fromDegrees(north, whole ? 180 : east);
  return { south: southwest.lat, west: southwest.lng, north: northeast.lat, east: northeast.lng };
}
