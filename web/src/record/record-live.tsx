import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { splitName } from "../features/features";
import { formatClock, formatCount, formatDistance, formatDuration } from "../geo";
import { focusMap } from "../map/map";
import { clickAtFirst, coarse } from "../ui/words";
import { SourceChips } from "./record-start";
import { canStart, deviceNews, recorder, resume, run, speedUp } from "./recorder";
import { MOST_POINTS, type Track } from "./recording";

type Kind = "recording" | "paused" | "finishing";
const titles = { recording: "Recording", paused: "Paused", finishing: "Finishing" } as const;

/** A route while it is recorded. */
export function Recording({ kind, track }: { kind: Kind; track: Track }) {
  const now = useNow();
  return (
    <>
      <div class="record-head" data-kind={kind}>
        <i aria-hidden="true" />
        <h2>
          <span role="status">{titles[kind]}</span>
        </h2>
        <small>
          <Making kind={kind} track={track} />
        </small>
      </div>
      <Stats track={track} seconds={(now - track.began) / 1000} />
      <Waiting kind={kind} track={track} />
      {kind === "recording" && <Advice track={track} />}
      {kind === "paused" && track.count < MOST_POINTS && !run.value && <SourceChips />}
      <Buttons kind={kind} track={track} />
      {!track.kept && (
        <p class="hint">This browser has no room to keep the route: leave the page open until it is finished.</p>
      )}
    </>
  );
}

export function Stats({ track, seconds }: { track: Track; seconds: number }) {
  // The newest point of a drawing waits, so that it can be taken back.
  const unsent = Math.max(0, track.count - track.sent - (track.source === "draw" && track.link === "open" ? 1 : 0));
  const where =
    unsent > 0 ? `points, ${formatCount(unsent)} to send` : track.link === "open" ? "points, all sent" : "points";
  return (
    <div class="stats">
      <Stat value={formatDistance(track.length)} what="distance" />
      <Stat value={formatClock(seconds)} what="elapsed" />
      <Stat value={formatCount(track.count)} what={where} />
      <Stat value={formatCount(track.passed)} what={track.passed === 1 ? "feature passed" : "features passed"} />
    </div>
  );
}

function Stat({ value, what }: { value: string; what: string }) {
  return (
    <div class="stat">
      <b>{value}</b>
      <small>{what}</small>
    </div>
  );
}

/** What makes the points, and how far it has come. */
function Making({ kind, track }: { kind: Kind; track: Track }) {
  if (kind === "finishing") return null;
  if (track.source === "device") {
    const { accuracy } = deviceNews.value;
    return <>{accuracy === null ? "this device" : `this device, ±${formatDistance(accuracy)}`}</>;
  }
  if (track.source === "draw") return <>drawing</>;
  const { drive, seconds } = run.value ?? {};
  if (!drive || !seconds) return <>driving</>;
  return <>{formatDuration(Math.max(0, (drive.duration - Math.max(0, seconds.value)) / speedUp.value) * 1000)} to go</>;
}

const obstacles = {
  lost: { says: "No connection.", until: "it is back" },
  refused: { says: "The server cannot store points just now.", until: "it can again" },
} as const;

/** Whether the points are stored, on their way, or wait and for what. */
function Waiting({ kind, track }: { kind: Kind; track: Track }) {
  const unsent = track.count - track.sent;
  const obstacle = track.link === "lost" || track.link === "refused" ? obstacles[track.link] : null;
  if (!obstacle) {
    return kind === "finishing" ? (
      <div class="wait" role="status">
        <div class="progress running" />
        <p>The server is storing the last points.</p>
      </div>
    ) : null;
  }
  const { says, until } = obstacle;
  return (
    <div class="wait lost" role="status">
      <p>
        {kind === "finishing"
          ? `${says} The route is finished as soon as ${until}${unsent > 0 ? `; ${pointsOf(unsent)} to send` : ""}.`
          : `${says} Recording goes on; the points are sent when ${until}.`}
      </p>
    </div>
  );
}

function pointsOf(n: number): string {
  return n === 1 ? "1 point" : `${formatCount(n)} points`;
}

function Advice({ track }: { track: Track }) {
  if (track.source === "draw")
    return (
      <>
        <p class="hint">{clickAtFirst} on the map, or on features, where the route goes.</p>
        <DrawByKeyboard />
      </>
    );
  if (track.source === "drive") return <DriveProgress />;
  const { trouble, accuracy } = deviceNews.value;
  if (trouble) {
    return (
      <div class="problem" role="alert">
        <p>{trouble}</p>
      </div>
    );
  }
  return accuracy === null ? <p class="hint">Waiting for the first position…</p> : null;
}

function DrawByKeyboard() {
  if (coarse) return null;
  return (
    <div class="by-keyboard">
      <button type="button" class="button small" onClick={focusMap}>
        Draw with the keyboard
      </button>
      <p class="hint">
        The arrow keys move the map under a cross. <kbd>Enter</kbd> adds a point there, <kbd>Backspace</kbd> takes the
        newest back, <kbd>Esc</kbd> ends.
      </p>
    </div>
  );
}

function DriveProgress() {
  const current = run.value;
  if (!current) return null;
  const { drive } = current;
  const seconds = Math.max(0, current.seconds.value);
  const next = drive.stops[drive.times.findIndex((time) => time > seconds)];
  return (
    <div class="drive-progress">
      <progress value={seconds} max={drive.duration} aria-label="The drive" />
      <small>{next ? `Next: ${splitName(next.name)[0] || "a place without a name"}` : "Arrived"}</small>
    </div>
  );
}

function Buttons({ kind, track }: { kind: Kind; track: Track }) {
  const full = track.count === MOST_POINTS;
  if (kind === "finishing") {
    return (
      <div class="buttons">
        <Discard />
      </div>
    );
  }
  return (
    <>
      {full && <p class="hint">A route holds {formatCount(MOST_POINTS)} points; this one is full.</p>}
      <div class="buttons">
        {kind === "recording" ? (
          <button type="button" class="button" data-first onClick={() => recorder.pause()}>
            Pause
          </button>
        ) : (
          <button type="button" class="button" data-first disabled={full || !canStart.value} onClick={resume}>
            Resume
          </button>
        )}
        <button
          type="button"
          class="button primary route grow"
          disabled={track.count === 0}
          onClick={() => recorder.finish()}
        >
          Finish
        </button>
      </div>
      {kind === "paused" && <Discard />}
    </>
  );
}

export function Discard() {
  const asked = useSignal(false);
  return asked.value ? (
    <div class="problem" role="alert">
      <p>Forget this route?</p>
      <button type="button" class="button small" onClick={() => recorder.reset()}>
        Forget it
      </button>
      <button
        type="button"
        class="button small quiet"
        onClick={() => {
          asked.value = false;
        }}
      >
        Keep it
      </button>
    </div>
  ) : (
    <button
      type="button"
      class="button small quiet"
      onClick={() => {
        asked.value = true;
      }}
    >
      Discard the route
    </button>
  );
}

/** The time, once a second. */
function useNow(): number {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return now.value;
}
