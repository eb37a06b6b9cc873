import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { splitName } from "../features/features";
import { formatClock, formatCount, formatDistance, formatDuration } from "../geo";
import { focusMap } from "../map/map";
import { coarse } from "../ui/words";
import { Keys } from "../words/keys";
import { SourceChips } from "./record-start";
import { canStart, deviceNews, recorder, resume, run, speedUp } from "./recorder";
import { MOST_POINTS, type Track } from "./recording";
import { words } from "./words";

type Kind = "recording" | "paused" | "finishing";

/** A route while it is recorded. */
export function Recording({ kind, track }: { kind: Kind; track: Track }) {
  const now = useNow();
  return (
    <>
      <div class="record-head" data-kind={kind}>
        <i aria-hidden="true" />
        <h2>
          <span role="status">{words.kinds[kind]}</span>
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
      {!track.kept && <p class="hint">{words.noRoom}</p>}
    </>
  );
}

export function Stats({ track, seconds }: { track: Track; seconds: number }) {
  // The newest point of a drawing waits, so that it can be taken back.
  const unsent = Math.max(0, track.count - track.sent - (track.source === "draw" && track.link === "open" ? 1 : 0));
  const where = unsent > 0 ? words.statToSend(unsent) : track.link === "open" ? words.statAllSent : words.statPoints;
  return (
    <div class="stats">
      <Stat value={formatDistance(track.length)} what={words.statDistance} />
      <Stat value={formatClock(seconds)} what={words.statElapsed} />
      <Stat value={formatCount(track.count)} what={where} />
      <Stat value={formatCount(track.passed)} what={words.statPassed(track.passed)} />
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
    return <>{accuracy === null ? words.byDevice : `${words.byDevice}, ±${formatDistance(accuracy)}`}</>;
  }
  if (track.source === "draw") return <>{words.byDrawing}</>;
  const { drive, seconds } = run.value ?? {};
  if (!drive || !seconds) return <>{words.byDriving}</>;
  const left = Math.max(0, drive.duration - Math.max(0, seconds.value)) / speedUp.value;
  return <>{words.toGo(formatDuration(left * 1000))}</>;
}

/** Whether the points are stored, on their way, or wait and for what. */
function Waiting({ kind, track }: { kind: Kind; track: Track }) {
  const unsent = track.count - track.sent;
  const obstacle = track.link === "lost" || track.link === "refused" ? track.link : null;
  if (!obstacle) {
    return kind === "finishing" ? (
      <div class="wait" role="status">
        <div class="progress running" />
        <p>{words.storing}</p>
      </div>
    ) : null;
  }
  return (
    <div class="wait lost" role="status">
      <p>{words[obstacle](unsent, kind === "finishing")}</p>
    </div>
  );
}

function Advice({ track }: { track: Track }) {
  if (track.source === "draw")
    return (
      <>
        <p class="hint">{words.drawHere(coarse)}</p>
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
  return accuracy === null ? <p class="hint">{words.firstPosition}</p> : null;
}

function DrawByKeyboard() {
  if (coarse) return null;
  return (
    <div class="by-keyboard">
      <button type="button" class="button small" onClick={focusMap}>
        {words.drawByKeyboard}
      </button>
      <p class="hint">
        <Keys text={words.drawKeys} />
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
      <progress value={seconds} max={drive.duration} aria-label={words.drive} />
      <small>{next ? words.nextStop(splitName(next.name)[0] ?? "") : words.arrived}</small>
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
      {full && <p class="hint">{words.full(MOST_POINTS)}</p>}
      <div class="buttons">
        {kind === "recording" ? (
          <button type="button" class="button" data-first onClick={() => recorder.pause()}>
            {words.pause}
          </button>
        ) : (
          <button type="button" class="button" data-first disabled={full || !canStart.value} onClick={resume}>
            {words.resume}
          </button>
        )}
        <button
          type="button"
          class="button primary route grow"
          disabled={track.count === 0}
          onClick={() => recorder.finish()}
        >
          {words.finish}
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
      <p>{words.forget}</p>
      <button type="button" class="button small" onClick={() => recorder.reset()}>
        {words.forgetIt}
      </button>
      <button
        type="button"
        class="button small quiet"
        onClick={() => {
          asked.value = false;
        }}
      >
        {words.keepIt}
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
      {words.discardRoute}
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
