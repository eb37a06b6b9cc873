import { formatCount, formatDistance, trackLength } from "../geo";
import { dayOf, timeOf } from "../ui/dates";
import { type Draft, fixesOf, nameOf } from "./draft";
import { discard, takeUp } from "./recorder";
import { words } from "./words";

/** A route that a page before this one did not finish. */
export function DraftOffer({ draft }: { draft: Draft }) {
  const fixes = fixesOf(draft.id);
  return (
    <section class="offer" aria-label={words.unfinished}>
      <p>
        <b>{nameOf(draft)}</b> from {dayOf(draft.began)} {timeOf(draft.began)} is not finished:{" "}
        {formatCount(fixes.length)} points, {formatDistance(trackLength(fixes.map((fix) => fix.point)))}.
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
