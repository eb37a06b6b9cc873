import { formatClock, formatCount, formatDistance } from "../geo";
import { open } from "../routes/routes";
import { words } from "../routes/words";
import type { Summary } from "../rpc";
import { CheckIcon } from "../ui/icons";
import { nameOf } from "./draft";
import { Discard } from "./record-live";
import { keepLine, recorder } from "./recorder";
import type { Track } from "./recording";

/** What the route came to: the server's numbers beside those of this page. */
export function Finished({ track, summary, ended }: { track: Track; summary: Summary; ended: number }) {
  const rows = [
    { what: "Distance", server: formatDistance(summary.distance), here: formatDistance(track.length) },
    { what: "Points", server: formatCount(summary.points), here: formatCount(track.count) },
    { what: "Features passed", server: formatCount(summary.features), here: formatCount(track.passed) },
    { what: "Time", server: formatClock(summary.elapsed), here: formatClock((ended - track.began) / 1000) },
  ];
  return (
    <>
      <div class="record-head" data-kind="finished">
        <i aria-hidden="true">
          <CheckIcon />
        </i>
        <h2>
          <span role="status">Route stored</span>
        </h2>
        <small title={nameOf(track)}>{nameOf(track)}</small>
      </div>
      <table class="comparison">
        <thead>
          <tr>
            <td />
            <th scope="col">Server</th>
            <th scope="col">This page</th>
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
        Keep the line on the map
      </label>
      <button type="button" class="button primary route wide" data-first onClick={() => recorder.reset()}>
        Record another
      </button>
      {track.route !== "" && (
        <button type="button" class="button wide" onClick={() => void open(track.route)}>
          {words.look}
        </button>
      )}
    </>
  );
}

/** Why the route cannot be finished, and what to do. */
export function Failed({ track, reason, canRetry }: { track: Track; reason: string; canRetry: boolean }) {
  return (
    <>
      <div class="record-head" data-kind="failed">
        <i aria-hidden="true" />
        <h2>Stopped</h2>
        <small>
          {formatCount(track.count)} points, {formatDistance(track.length)}
        </small>
      </div>
      <div class="problem" role="alert">
        <p>{reason}</p>
      </div>
      {canRetry ? (
        <>
          <button type="button" class="button primary route wide" data-first onClick={() => recorder.retry()}>
            Go on with it here
          </button>
          <Discard />
        </>
      ) : (
        <button type="button" class="button primary route wide" data-first onClick={() => recorder.reset()}>
          Record another
        </button>
      )}
    </>
  );
}
