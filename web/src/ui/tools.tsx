import { MapChoice } from "../basemaps/choice";
import { fromDegrees } from "../geo";
import { flyTo, zoomBy } from "../map/map";
import { canFollowDevice } from "../record/sources";
import { place, say } from "../state";
import { ui as words } from "../words/words";
import { LocateIcon, MinusIcon, PlusIcon, ThemeIcon } from "./icons";
import { nextTheme } from "./theme";

/** The buttons at the right edge of the map. */
export function Tools() {
  return (
    <div class="tools">
      <div class="card">
        <button
          type="button"
          class="icon-button"
          aria-label={words.zoomIn}
          title={`${words.zoomIn}  +`}
          onClick={() => zoomBy(1)}
        >
          <PlusIcon />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={words.zoomOut}
          title={`${words.zoomOut}  −`}
          onClick={() => zoomBy(-1)}
        >
          <MinusIcon />
        </button>
      </div>
      <div class="card">
        <button type="button" class="icon-button" aria-label={words.locate} title={words.locate} onClick={locate}>
          <LocateIcon />
        </button>
      </div>
      <div class="card">
        <button
          type="button"
          class="icon-button"
          aria-label={words.switchTheme}
          title={`${words.switchTheme}  t`}
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
    say(words.noPosition);
    return;
  }
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const point = fromDegrees(coords.latitude, coords.longitude);
      flyTo(point);
      place.value = { point, name: "" };
    },
    (error) => say(error.code === error.PERMISSION_DENIED ? words.positionDenied : words.positionUnknown),
    { enableHighAccuracy: true, timeout: 10_000 },
  );
}
