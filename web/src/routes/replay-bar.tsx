import { useEffect, useRef } from "preact/hooks";
import { formatHeight, formatSpeed } from "../geo";
import { dayOf, exactTimeOf } from "../ui/dates";
import { CloseIcon, FollowIcon, PauseIcon, PlayIcon } from "../ui/icons";
import { shade } from "../ui/theme";
import { titleOf } from "./days";
import type { Plot } from "./plot";
import { paces } from "./replay";
import { following, replay, routeColor, unfocus } from "./routes";
import type { ShownRoute } from "./shown";
import { indexAt, speedsOf } from "./timeline";
import { words } from "./words";

/** The bar at the foot of the map. */
export function ReplayBar({ shown }: { shown: ShownRoute }) {
  const title = titleOf(shown.route.value);
  return (
    <section class="card replay-bar" aria-label={`${words.replay}: ${title}`}>
      <button
        type="button"
        class="icon-button small close"
        aria-label={words.close}
        title={words.close}
        onClick={unfocus}
      >
        <CloseIcon />
      </button>
      <ReplayControls shown={shown} />
    </section>
  );
}

/** Time as it passed on a route: play, pause, pace, the plot and the moment that is looked at. */
export function ReplayControls({ shown }: { shown: ShownRoute }) {
  const { fixes } = shown.track.value;
  const [start, end] = [fixes[0]?.time ?? 0, fixes.at(-1)?.time ?? 0];
  const at = replay.at.value ?? start;
  const playing = replay.playing.value;
  return (
    <div class="replay">
      <div class="replay-head">
        <button
          type="button"
          class="button primary route"
          aria-label={playing ? words.pause : words.play}
          title={playing ? words.pause : words.play}
          onClick={() => (playing ? replay.pause() : replay.play())}
        >
          {playing ? <PauseIcon /> : <PlayIcon />}
        </button>
        <b class="replay-time" title={dayOf(at)}>
          {exactTimeOf(at)}
        </b>
        <select
          class="field"
          aria-label={words.pace}
          value={String(replay.pace.value)}
          onChange={(event) => {
            replay.pace.value = Number(event.currentTarget.value);
          }}
        >
          {paces.map((pace) => (
            <option key={pace} value={String(pace)}>
              {words.times(pace)}
            </option>
          ))}
        </select>
        <button
          type="button"
          class="button small follow"
          aria-pressed={following.value}
          onClick={() => {
            following.value = !following.value;
          }}
        >
          <FollowIcon /> {words.follow}
        </button>
        <Figures shown={shown} at={at} />
      </div>
      <PlotBox shown={shown} />
      <input
        type="range"
        aria-label={words.time}
        aria-valuetext={exactTimeOf(at)}
        min={start}
        max={end}
        step={1000}
        value={at}
        onInput={(event) => {
          replay.pause();
          replay.seek(event.currentTarget.valueAsNumber);
        }}
      />
    </div>
  );
}

/** Speed and height at the moment that is looked at. */
function Figures({ shown, at }: { shown: ShownRoute; at: number }) {
  const { fixes } = shown.track.value;
  const index = indexAt(fixes, at);
  const fix = fixes[index];
  if (!fix) return null;
  const speed = speedsOf(fixes.slice(Math.max(0, index - 1), index + 1)).at(-1) ?? null;
  const figures = [speed !== null && formatSpeed(speed), fix.elevation !== null && formatHeight(fix.elevation)].filter(
    Boolean,
  );
  return <small class="figures">{figures.join(" · ")}</small>;
}

/** The plot, which is loaded with the first route that is looked at. The slider under it does the same for the keyboard. */
function PlotBox({ shown }: { shown: ShownRoute }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const { fixes } = shown.track.value;
  const color = routeColor(shown.route.value);
  const at = replay.at.value;
  const look = shade.value;

  // A plot takes its colours when it is made: another shade makes another plot.
  useEffect(() => {
    let gone = false;
    void import("./plot").then(({ Plot }) => {
      if (gone || !box.current) return;
      plot.current = new Plot(box.current, color, (time) => {
        if (!replay.playing.peek()) replay.seek(time);
      });
      plot.current.show(shown.track.peek().fixes);
      plot.current.look(replay.at.peek());
    });
    return () => {
      gone = true;
      plot.current?.close();
      plot.current = null;
    };
  }, [shown, color, look]);
  useEffect(() => plot.current?.show(fixes), [fixes]);
  useEffect(() => plot.current?.look(at), [at]);

  return <div ref={box} class="plot" aria-hidden="true" />;
}
