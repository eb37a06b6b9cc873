import { formatCount, formatDistance, trackLength } from "../geo";
import { dayOf, timeOf } from "../ui/dates";
import { type Draft, nameOf, pointsOf } from "./draft";
import { discard, takeUp } from "./recorder";

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
