import { type Draft, pointsOf } from "../draft";
import { formatCount, formatDistance, formatDuration, trackLength } from "../geo";
import { fitTo } from "../map";
import { discard, keepLine, shownRoute, takeUp } from "../recorder";
import { forgetRoute, nameOf, type SavedRoute, savedRoutes } from "../routes";
import { dayOf, timeOf } from "./dates";
import { CloseIcon } from "./icons";

/** The routes that this browser has finished. */
export function SavedRoutes() {
  const routes = savedRoutes.value;
  return (
    <section class="saved" aria-labelledby="saved-title">
      <h2 id="saved-title">Saved routes</h2>
      {routes.length === 0 ? (
        <p class="hint">Routes that you finish are listed here.</p>
      ) : (
        <ul>
          {routes.map((route) => (
            <Row key={route.id} route={route} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Row({ route }: { route: SavedRoute }) {
  const shown = shownRoute.value === route;
  const { name, began, summary } = route;
  return (
    <li>
      <button
        type="button"
        class="row"
        aria-pressed={shown}
        title={name}
        onClick={() => {
          shownRoute.value = shown ? null : route;
          keepLine.value = false;
          if (!shown) fitTo(route.points);
        }}
      >
        <i aria-hidden="true" />
        <span class="row-text">
          <span>{name}</span>
          <small>
            {dayOf(began)} {timeOf(began)} · {formatDuration(summary.elapsed * 1000)} · {formatCount(summary.points)}{" "}
            points
          </small>
        </span>
        <small class="row-end">{formatDistance(summary.distance)}</small>
      </button>
      <button
        type="button"
        class="icon-button small"
        aria-label={`Forget ${name}`}
        title="Take off this list"
        onClick={() => {
          if (shown) shownRoute.value = null;
          forgetRoute(route.id);
        }}
      >
        <CloseIcon />
      </button>
    </li>
  );
}

/** A route that a page before this one did not finish. */
export function DraftOffer({ draft }: { draft: Draft }) {
  const points = pointsOf(draft.id);
  return (
    <section class="offer" aria-label="Unfinished route">
      <p>
        <b>{nameOf(draft)}</b> from {dayOf(draft.began)} {timeOf(draft.began)} is not finished:{" "}
        {formatCount(points.length)} points, {formatDistance(trackLength(points))}.
      </p>
      <div class="buttons">
        <button type="button" class="button small primary route" onClick={() => takeUp(draft)}>
          Take it up
        </button>
        <button type="button" class="button small quiet" onClick={() => discard(draft)}>
          Discard
        </button>
      </div>
    </section>
  );
}
