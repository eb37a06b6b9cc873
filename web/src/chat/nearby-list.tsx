import { splitName } from "../features/features";
import { featureName } from "../features/finder";
import { formatPoint } from "../geo";
import { reveal } from "../map/map";
import { place } from "../state";
import { momentOf } from "../ui/dates";
import { ChatIcon } from "../ui/icons";
import { coarse } from "../ui/words";
import { nearby, noted, unreadAt } from "./chats";
import type { NotePlace } from "./nearby";
import { Unread } from "./unread";
import { words } from "./words";

/** Rows at the most; the map shows all places. */
const MOST_ROWS = 100;

/** The places with notes that the map shows. */
export function NearbyPlaces() {
  const state = nearby.state.value;
  const places = noted.value;
  return (
    <div class="nearby">
      {state.kind === "failed" && (
        <div class="problem" role="alert">
          <p>{words.viewFailed(state.reason)}</p>
        </div>
      )}
      {places.length > 0 ? (
        <>
          <h2>{words.recent}</h2>
          <ul>
            {places.slice(0, MOST_ROWS).map((found) => (
              <li key={`${found.point.lat} ${found.point.lng}`}>
                <PlaceRow found={found} />
              </li>
            ))}
          </ul>
          {places.length > MOST_ROWS && <p class="hint">{words.more(places.length - MOST_ROWS)}</p>}
          <p class="hint">{words.readHere(coarse)}</p>
        </>
      ) : (
        <Nothing loading={state.kind === "loading"} />
      )}
    </div>
  );
}

function PlaceRow({ found }: { found: NotePlace }) {
  const { point, newest } = found;
  const unread = unreadAt(found);
  const name = featureName(point) ?? "";
  return (
    <button
      type="button"
      class={unread > 0 ? "row new" : "row"}
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
          {newest.traveler || words.someone}: {newest.message}
        </small>
      </span>
      <small class="row-end">
        {momentOf(newest.time)}
        {unread > 0 && <Unread count={unread} />}
      </small>
    </button>
  );
}

function Nothing({ loading }: { loading: boolean }) {
  return (
    <div class="empty">
      <ChatIcon />
      <h2>{loading ? words.looking : words.noneInView}</h2>
      <p>{words.leaveHere(coarse)}</p>
    </div>
  );
}
