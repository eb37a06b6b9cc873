import { MapChoice } from "../basemaps/choice";
import { fromDegrees } from "../geo";
import { flyTo, zoomBy } from "../map/map";
import { canFollowDevice } from "../record/sources";
import { place, say } from "../state";
import { LocateIcon, MinusIcon, PlusIcon, ThemeIcon } from "./icons";
import { nextTheme } from "./theme";

/** The buttons at the right edge of the map. */
export function Tools() {
  return (
    <div class="tools">
      <div class="card">
        <button type="button" class="icon-button" aria-label="Zoom in" title="Zoom in  +" onClick={() => zoomBy(1)}>
          <PlusIcon />
        </button>
        <button type="button" class="icon-button" aria-label="Zoom out" title="Zoom out  −" onClick={() => zoomBy(-1)}>
          <MinusIcon />
        </button>
      </div>
      <div class="card">
        <button
          type="button"
          class="icon-button"
          aria-label="Go to my position"
          title="Go to my position"
          onClick={locate}
        >
          <LocateIcon />
        </button>
      </div>
      <div class="card">
        <button
          type="button"
          class="icon-button"
          aria-label="Switch between light and dark"
          title="Switch between light and dark  t"
          onClick={nextTheme}
        >
          <ThemeIcon />
        </button>
      </div>
      <MapChoice />
    </div>
  );
}

function locate(): void {
  if (!canFollowDevice()) {
    say("This browser gives no position here. It does so over HTTPS, and on localhost.");
    return;
  }
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const point = fromDegrees(coords.latitude, coords.longitude);
      flyTo(point);
      place.value = { point, name: "" };
    },
    (error) =>
      say(error.code === error.PERMISSION_DENIED ? "The position was not allowed." : "The position is not known."),
    { enableHighAccuracy: true, timeout: 10_000 },
  );
}
