import { useEffect, useRef } from "preact/hooks";
import { paces } from "../routes/replay";
import { words as routeWords } from "../routes/words";
import { exactTimeOf, weekdayOf } from "../ui/dates";
import { PauseIcon, PlayIcon } from "../ui/icons";
import { backToLive, date, followed, news, period, readAnew, reading, replay, story } from "./past";
import { dateOf, type Period, periods } from "./periods";
import { MOST } from "./story";
import { words } from "./words";

/** The past at the foot of the map, and the frame around it that says so. */
export function PastBar() {
  const first = useRef<HTMLButtonElement>(null);
  // The panel with what was looked at is gone: the keyboard goes on here.
  useEffect(() => first.current?.focus(), []);
  return (
    <>
      <div class="past-frame" />
      <section class="card past" aria-label={words.bar}>
        <header>
          <p>
            <i aria-hidden="true" /> {words.label}
          </p>
          <Choice />
          <button ref={first} type="button" class="button small primary route" onClick={backToLive}>
            {words.live}
          </button>
        </header>
        <Played />
      </section>
    </>
  );
}

function Choice() {
  return (
    <div class="past-choice">
      <select
        class="field"
        aria-label={words.period}
        value={period.value}
        onChange={(event) => {
          period.value = event.currentTarget.value as Period;
          void readAnew();
        }}
      >
        {periods.map((name) => (
          <option key={name} value={name}>
            {words.periods[name]}
          </option>
        ))}
      </select>
      {period.value === "date" && (
        <input
          class="field"
          type="date"
          aria-label={words.date}
          max={dateOf(Date.now())}
          value={date.value}
          onChange={(event) => {
            if (!event.currentTarget.value) return;
            date.value = event.currentTarget.value;
            void readAnew();
          }}
        />
      )}
    </div>
  );
}

function Played() {
  const state = reading.value;
  if (state.kind === "failed") {
    return (
      <div class="problem" role="alert">
        <p>{words.failed(state.reason)}</p>
        <button type="button" class="button small" onClick={() => void readAnew()}>
          {words.again}
        </button>
      </div>
    );
  }
  const span = story.value?.span;
  if (!span) {
    return (
      <p class="hint" role="status">
        {state.kind === "loading" ? words.loading(state.count) : words.nothing}
      </p>
    );
  }
  const at = replay.at.value ?? span.start;
  const playing = replay.playing.value;
  return (
    <div class="replay">
      <div class="replay-head">
        <button
          type="button"
          class="button primary route"
          aria-label={playing ? routeWords.pause : routeWords.play}
          title={playing ? routeWords.pause : routeWords.play}
          onClick={() => (playing ? replay.pause() : replay.play())}
        >
          {playing ? <PauseIcon /> : <PlayIcon />}
        </button>
        <b class="replay-time">
          <span>{weekdayOf(at)}</span> {exactTimeOf(at)}
        </b>
        <Pace />
        <Follow />
        <small class="past-news" title={news.value}>
          {news.value}
        </small>
      </div>
      <input
        type="range"
        aria-label={routeWords.time}
        aria-valuetext={`${weekdayOf(at)} ${exactTimeOf(at)}`}
        min={span.start}
        max={span.end}
        step={1000}
        value={at}
        onInput={(event) => {
          replay.pause();
          news.value = "";
          replay.seek(event.currentTarget.valueAsNumber);
        }}
      />
      {(story.value?.count ?? 0) >= MOST && <small class="hint">{words.cut(MOST)}</small>}
    </div>
  );
}

function Pace() {
  return (
    <select
      class="field"
      aria-label={routeWords.pace}
      value={String(replay.pace.value)}
      onChange={(event) => {
        replay.pace.value = Number(event.currentTarget.value);
      }}
    >
      {paces.map((pace) => (
        <option key={pace} value={String(pace)}>
          {routeWords.times(pace)}
        </option>
      ))}
    </select>
  );
}

function Follow() {
  const travelers = story.value?.travelers ?? [];
  if (travelers.length === 0) return null;
  return (
    <label class="past-follow">
      <span>{words.follow}</span>
      <select
        class="field"
        value={followed.value}
        onChange={(event) => {
          followed.value = event.currentTarget.value;
        }}
      >
        <option value="">{words.nobody}</option>
        {travelers.map(({ route, traveler }) => (
          <option key={route} value={route}>
            {traveler || words.someone}
          </option>
        ))}
      </select>
    </label>
  );
}
