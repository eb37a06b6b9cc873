import { MapChoice } from "../basemaps/choice";
import { fromDegrees } from "../geo";
import { flyTo, zoomBy } from "../map/map";
import { lookBack } from "../past/past";
import { words as pastWords } from "../past/words";
import { canFollowDevice } from "../record/sources";
import { lookingBack, place, say } from "../state";
import { HistoryIcon, LocateIcon, MinusIcon, PlusIcon, ThemeIcon } from "./icons";
import { nextTheme } from "./theme";
import { words } from "./words";

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
          aria-label={pastWords.open}
          title={pastWords.open}
          aria-pressed={lookingBack.value}
          onClick={lookBack}
        >
          <HistoryIcon />
        </button>
      </div>
      <div class="card">
        <button
          type="button"
          class="icon-button"
          aria-label={words.shade}
          title={`${words.shade}  t`}
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
