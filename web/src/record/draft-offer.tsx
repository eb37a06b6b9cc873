import { trackLength } from "../geo";
import { dayOf, timeOf } from "../ui/dates";
import { formatDistance } from "../words/numbers";
import { rich } from "../words/rich";
import { record as words } from "../words/words";
import { type Draft, nameOf, pointsOf } from "./draft";
import { discard, takeUp } from "./recorder";

/** A route that a page before this one did not finish. */
export function DraftOffer({ draft }: { draft: Draft }) {
  const points = pointsOf(draft.id);
  const moment = `${dayOf(draft.began)} ${timeOf(draft.began)}`;
  return (
    <section class="offer" aria-label={words.unfinished}>
      <p>
        {rich(words.isUnfinished(moment, points.length, formatDistance(trackLength(points))), <b>{nameOf(draft)}</b>)}
      </p>
      <div class="buttons">
        <button type="button" class="button small primary route" onClick={() => takeUp(draft)}>
          {words.takeUp}
        </button>
        <button type="button" class="button small quiet" onClick={() => discard(draft)}>
          {words.discard}
        </button>
      </div>
    </section>
  );
}
