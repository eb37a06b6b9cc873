// A finger that rests on the map. Phones say `contextmenu` for it, all but the iPhone.
import type { Map as LibreMap, MapTouchEvent } from "maplibre-gl";

/** Milliseconds that it rests, and pixels that it may wander meanwhile. */
const LONG = 550;
const STILL = 10;

type Pressable = Pick<LibreMap, "on" | "getCanvasContainer">;

/** Calls `then` with where one finger has rested; the tap that ends it is none. */
export function onLongPress(
  map: Pressable,
  then: (at: Pick<MapTouchEvent, "point" | "lngLat">) => void,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let down: MapTouchEvent | null = null;
  let pressed = false;
  const leave = () => {
    clearTimeout(timer);
    down = null;
  };
  map.on("touchstart", (event) => {
    leave();
    pressed = false;
    if (event.points.length > 1) return;
    down = event;
    timer = setTimeout(() => {
      pressed = true;
      leave();
      then(event);
    }, LONG);
  });
  map.on("touchmove", ({ point }) => {
    if (down && point.dist(down.point) > STILL) leave();
  });
  map.on("touchend", leave);
  map.on("touchcancel", leave);
  const swallow = (event: Event) => {
    if (pressed) event.stopPropagation();
    pressed = false;
  };
  map.getCanvasContainer().addEventListener("click", swallow, { capture: true });
  // Where the phone says so by itself, it is told by that.
  map.on("contextmenu", leave);
}
