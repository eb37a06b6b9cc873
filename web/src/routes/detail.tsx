import { formatCount, formatDistance, formatDuration, formatHeight, formatSpeed } from "../geo";
import { exportAddress, formats, type Route } from "../rpc/routes";
import { Avatar } from "../travelers/avatar";
import { colorOf, colors } from "../travelers/person";
import { dayOf, timeOf } from "../ui/dates";
import { BackIcon } from "../ui/icons";
import { narrow } from "../ui/sheet";
import { titleOf } from "./days";
import { ReplayControls } from "./replay-bar";
import { change, remove, unfocus } from "./routes";
import type { ShownRoute } from "./shown";
import { words } from "./words";

/** One route: what it came to, and what can be done with it. */
export function RouteDetail({ shown }: { shown: ShownRoute }) {
  const route = shown.route.value;
  const track = shown.track.value;
  return (
    <article class="route-detail">
      <button type="button" class="button quiet small back" onClick={unfocus}>
        <BackIcon /> {words.back}
      </button>
      <header>
        <Avatar name={route.traveler} route={route.id} />
        <div>
          <NameField route={route} />
          <p>{subtitle(route)}</p>
        </div>
      </header>
      {track.kind === "loading" && <p role="status">{words.trackLoading}</p>}
      {track.kind === "ready" && track.fixes.length === 0 && <p>{words.noPoints}</p>}
      {track.kind === "failed" && (
        <div class="problem" role="alert">
          <p>{words.trackFailed(track.reason)}</p>
          <button type="button" class="button small" onClick={() => shown.again()}>
            {words.again}
          </button>
        </div>
      )}
      {narrow.value && track.fixes.length > 1 && <ReplayControls shown={shown} />}
      <Statistics route={route} />
      <ColorField route={route} />
      <section class="route-files" aria-label={words.export}>
        <span>{words.export}</span>
        {formats.map((format) => (
          <a
            key={format}
            class="button small"
            href={exportAddress(route.id, format)}
            download={`${titleOf(route)}.${format.toLowerCase()}`}
          >
            {words.formats[format]}
          </a>
        ))}
      </section>
      <footer>
        <button
          type="button"
          class="button small"
          title={words.hideHint}
          onClick={() => void change(route, { hidden: !route.hidden })}
        >
          {route.hidden ? words.unhide : words.hide}
        </button>
        <button type="button" class="button small quiet remove" onClick={() => remove(route)}>
          {words.remove}
        </button>
      </footer>
    </article>
  );
}

function subtitle(route: Route): string {
  const day = dayOf(route.start);
  const until = route.state === "recording" ? words.recording : timeOf(route.end);
  const time = `${day} ${timeOf(route.start)}–${until}`;
  const broken = route.state === "interrupted" ? words.interrupted : "";
  return [route.traveler, time, broken].filter((part) => part !== "").join(" · ");
}

/** The heading, which is written in. */
function NameField({ route }: { route: Route }) {
  return (
    <h2>
      <input
        class="field name-field"
        aria-label={words.name}
        maxLength={200}
        placeholder={titleOf(route)}
        title={titleOf(route)}
        value={route.name}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
          if (event.key !== "Escape") return;
          event.currentTarget.value = route.name;
          event.currentTarget.blur();
        }}
        onBlur={(event) => {
          const name = event.currentTarget.value.trim();
          if (name !== route.name) void change(route, { name });
        }}
      />
    </h2>
  );
}

function ColorField({ route }: { route: Route }) {
  const own = colorOf(route.traveler, route.id);
  return (
    <fieldset class="swatches">
      <legend>{words.color}</legend>
      {["", ...colors.filter((color) => color !== own)].map((color, i) => (
        <label key={color} title={color === "" ? words.travelersColor : color}>
          <input
            type="radio"
            name="route-color"
            aria-label={color === "" ? words.travelersColor : words.colorNumber(i)}
            checked={color === route.color}
            onChange={() => void change(route, { color })}
          />
          <span ref={(element) => element?.style.setProperty("--swatch", color || own)} />
        </label>
      ))}
    </fieldset>
  );
}

function Statistics({ route }: { route: Route }) {
  const s = route.statistics;
  const measured = s.climb > 0 || s.descent > 0;
  const stats: [string, string][] = [
    [formatDistance(s.distance), words.stats.distance],
    [s.moving === 0 ? "–" : formatDuration(s.moving), words.stats.moving],
    [formatSpeed(s.average), words.stats.average],
    [formatSpeed(s.top), words.stats.top],
    ...(measured
      ? ([
          [formatHeight(s.climb), words.stats.climb],
          [formatHeight(s.descent), words.stats.descent],
        ] as [string, string][])
      : []),
    [formatCount(s.stops), words.stats.stops],
    [formatCount(route.points), words.stats.points],
  ];
  return (
    <dl class="route-stats">
      {stats.map(([value, what]) => (
        <div key={what}>
          <dt>{what}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
