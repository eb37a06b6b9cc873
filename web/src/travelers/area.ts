// Which area is watched for a view: a larger one, so that small moves of the map need no new call.
import type { Rect } from "../geo";

const HALF_TURN = 1_800_000_000;
const POLE = 900_000_000;

/** E7 from west to east. */
function widthOf({ west, east }: Rect): number {
  return east >= west ? east - west : east - west + 2 * HALF_TURN;
}

/** The view with half of its width and height more at each side. */
export function margin(view: Rect): Rect {
  const [width, height] = [widthOf(view), view.north - view.south];
  const south = Math.max(-POLE, Math.round(view.south - height / 2));
  const north = Math.min(POLE, Math.round(view.north + height / 2));
  if (width >= HALF_TURN) return { south, north, west: -HALF_TURN, east: HALF_TURN };
  const wrap = (lng: number) => (lng > HALF_TURN ? lng - 2 * HALF_TURN : lng < -HALF_TURN ? lng + 2 * HALF_TURN : lng);
  return {
    south,
    north,
    west: wrap(Math.round(view.west - width / 2)),
    east: wrap(Math.round(view.east + width / 2)),
  };
}

/** Whether an area still serves a view: it has all of it, and not so much more that most of what comes is out of sight. */
export function stillGood(area: Rect, view: Rect): boolean {
  const offset = (view.west - area.west + 2 * HALF_TURN) % (2 * HALF_TURN);
  const has = view.south >= area.south && view.north <= area.north && offset + widthOf(view) <= widthOf(area);
  return has && widthOf(area) <= 8 * widthOf(view);
}
