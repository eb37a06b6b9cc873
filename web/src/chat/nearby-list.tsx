import { splitName } from "../features/features";
import { featureName } from "../features/finder";
import { formatPoint } from "../geo";
import { reveal } from "../map/map";
import { place } from "../state";
import { momentOf } from "../ui/dates";
import { ChatIcon } from "../ui/icons";
import { clickAtFirst } from "../ui/words";
import { nearby } from "./chats";
import type { NotePlace } from "./nearby";

/** Rows at the most; the map shows all places. */
const MOST_ROWS = 100;

/** The places with notes that the map shows. */
export function NearbyPlaces() {
  const state = nearby.state.value;
  const { places } = state;
  return (
    <div class="nearby">
      {state.kind === "failed" && (
        <div class="problem" role="alert">
          <p>The notes in view cannot be read: {state.reason}.</p>
        </div>
      )}
      {places.length > 0 ? (
        <>
          <h2>Recent notes in view</h2>
          <ul>
            {places.slice(0, MOST_ROWS).map((found) => (
              <li key={`${found.point.lat} ${found.point.lng}`}>
                <PlaceRow found={found} />
              </li>
            ))}
          </ul>
          {places.length > MOST_ROWS && <p class="hint">{places.length - MOST_ROWS} more places are on the map.</p>}
          <p class="hint">{clickAtFirst} any place on the map to read or write there.</p>
        </>
      ) : (
        <Nothing loading={state.kind === "loading"} />
      )}
    </div>
  );
}

function PlaceRow({ found }: { found: NotePlace }) {
  const { point, newest, count } = found;
  const name = featureName(point) ?? "";
  return (
    <button
      type="button"
      class="row"
      title={name || undefined}
      onClick={() => {
        place.value = { point, name };
        reveal(point);
      }}
    >
      <i aria-hidden="true" />
      <span class="row-text">
        <span>{splitName(name)[0] || formatPoint(point)}</span>
        <small>
          {newest.traveler || "someone"}: {newest.message}
        </small>
      </span>
      <small class="row-end">
        {momentOf(newest.time)}
        {count > 1 && <b title={`${count} recent notes`}>{count}</b>}
      </small>
    </button>
  );
}

function Nothing({ loading }: { loading: boolean }) {
  return (
    <div class="empty">
      <ChatIcon />
      <h2>{loading ? "Looking for notes…" : "No notes in view"}</h2>
      <p>{clickAtFirst} any place on the map to leave one there.</p>
    </div>
  );
}
