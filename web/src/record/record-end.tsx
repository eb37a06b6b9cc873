import { formatClock, formatCount, formatDistance } from "../geo";
import { open } from "../routes/routes";
import { words as routeWords } from "../routes/words";
import type { Summary } from "../rpc";
import { CheckIcon } from "../ui/icons";
import { nameOf } from "./draft";
import { Discard } from "./record-live";
import { keepLine, recorder } from "./recorder";
import type { Track } from "./recording";
import { words } from "./words";

/** What the route came to: the server's numbers beside those of this page. */
export function Finished({ track, summary }: { track: Track; summary: Summary }) {
  const rows = [
    { what: words.distance, server: formatDistance(summary.distance), here: formatDistance(track.length) },
    { what: words.points, server: formatCount(summary.points), here: formatCount(track.count) },
    { what: words.features, server: formatCount(summary.features), here: formatCount(track.passed) },
    { what: words.time, server: formatClock(summary.elapsed), here: formatClock(secondsOf(track)) },
  ];
  return (
    <>
      <div class="record-head" data-kind="finished">
        <i aria-hidden="true">
          <CheckIcon />
        </i>
        <h2>
          <span role="status">{words.stored}</span>
        </h2>
        <small title={nameOf(track)}>{nameOf(track)}</small>
      </div>
      <table class="comparison">
        <thead>
          <tr>
            <td />
            <th scope="col">{words.server}</th>
            <th scope="col">{words.page}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.what}>
              <th scope="row">{row.what}</th>
              <td>{row.server}</td>
              <td>{row.here}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <label class="check">
        <input
          type="checkbox"
          checked={keepLine.value}
          onChange={(event) => {
            keepLine.value = event.currentTarget.checked;
          }}
        />
        {words.keepLine}
      </label>
      <button type="button" class="button primary route wide" data-first onClick={() => recorder.reset()}>
        {words.another}
      </button>
      {track.route !== "" && (
        <button type="button" class="button wide" onClick={() => void open(track.route)}>
          {routeWords.look}
        </button>
      )}
    </>
  );
}

/** From the first point to the last. */
function secondsOf({ fixes }: Track): number {
  return ((fixes.at(-1)?.time ?? 0) - (fixes[0]?.time ?? 0)) / 1000;
}

/** Why the route cannot be finished, and what to do. */
export function Failed({ track, reason, canRetry }: { track: Track; reason: string; canRetry: boolean }) {
  return (
    <>
      <div class="record-head" data-kind="failed">
        <i aria-hidden="true" />
        <h2>{words.stopped}</h2>
        <small>{words.soFar(track.count, formatDistance(track.length))}</small>
      </div>
      <div class="problem" role="alert">
        <p>{reason}</p>
      </div>
      {canRetry ? (
        <>
          <button type="button" class="button primary route wide" data-first onClick={() => recorder.retry()}>
            {words.goOn}
          </button>
          <Discard />
        </>
      ) : (
        <button type="button" class="button primary route wide" data-first onClick={() => recorder.reset()}>
          {words.another}
        </button>
      )}
    </>
  );
}
