import { useEffect } from "preact/hooks";
import { formatDistance } from "../geo";
import { recordDevice } from "../record/recorder";
import type { Route } from "../rpc/routes";
import { timeOf } from "../ui/dates";
import { RouteIcon, SearchIcon } from "../ui/icons";
import { Rows } from "../ui/rows";
import { titleOf } from "./days";
import { RouteDetail } from "./detail";
import { ImportButton, ImportNews } from "./import-button";
import {
  catalog,
  filter,
  focus,
  focusedRoute,
  importing,
  isShown,
  routeColor,
  rows,
  toggleShown,
  withHidden,
} from "./routes";
import { Thumbnail } from "./thumbnail";
import { words } from "./words";

const ROW = 60;
const DAY = 36;
/** Rows that fill the panel. */
const A_SCREEN = 20;

/** Everybody's routes; or the one that is looked at. */
export function RoutesPanel() {
  const one = focusedRoute.value;
  if (one) return <RouteDetail key={one.id} shown={one} />;
  return <RouteList />;
}

function RouteList() {
  const state = catalog.state.value;
  const list = rows.value;
  // Few of the routes that were read may match: then the list's end does not move, and nobody else reads on.
  useEffect(() => {
    if (list.length < A_SCREEN && state.kind === "ready" && state.more) readOn();
  }, [list, state]);
  return (
    <div class="routes">
      <Finder />
      <div class={state.kind === "loading" ? "progress running route" : "progress"} />
      {state.kind === "failed" && (
        <div class="problem" role="alert">
          <p>{words.failed(state.reason)}</p>
          <button type="button" class="button small" onClick={() => void catalog.refresh()}>
            {words.again}
          </button>
        </div>
      )}
      {list.length > 0 ? (
        <Rows
          // What is found is seen from its top.
          key={filter.value}
          label={words.list}
          count={list.length}
          heightOf={(index) => (list[index]?.kind === "day" ? DAY : ROW)}
          keyOf={(index) => list[index]?.key ?? ""}
          row={(index) => {
            const row = list[index];
            if (row?.kind === "day") return <h2 class="day">{row.text}</h2>;
            return row && <RouteRow route={row.route} />;
          }}
          onEnd={readOn}
        />
      ) : (
        <Nothing />
      )}
      <ImportNews
        importing={importing}
        said={({ routes, points, duplicates }) => words.imported(routes.length, points, duplicates)}
      />
      <footer>
        <ImportButton importing={importing} label={words.import} accept=".gpx,.kml,.kmz,.geojson,.json,.fit" />
        <small>{words.importHint}</small>
      </footer>
    </div>
  );
}

const readOn = () => void catalog.more();

function Finder() {
  return (
    <div class="routes-finder">
      <div class="filter">
        <SearchIcon />
        <input
          class="field"
          type="text"
          inputMode="search"
          aria-label={words.find}
          placeholder={words.find}
          value={filter.value}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => {
            filter.value = event.currentTarget.value;
          }}
        />
      </div>
      <label class="toggle">
        <input
          type="checkbox"
          checked={withHidden.value}
          onChange={(event) => {
            withHidden.value = event.currentTarget.checked;
            void catalog.showHidden(withHidden.value);
          }}
        />
        <span>{words.hidden}</span>
      </label>
    </div>
  );
}

function RouteRow({ route }: { route: Route }) {
  const title = titleOf(route);
  const { statistics: s } = route;
  const details = [
    route.state === "recording"
      ? `${timeOf(route.start)} · ${words.recording}`
      : `${timeOf(route.start)}–${timeOf(route.end)}`,
    route.state === "interrupted" && words.interrupted,
    route.name !== "" && route.traveler,
    s.moving >= 60_000 && words.moving(s.moving),
    s.climb >= 10 && words.climb(s.climb),
    s.stops > 0 && words.stops(s.stops),
  ];
  return (
    <div class="route-row" data-hidden={route.hidden}>
      <input
        type="checkbox"
        aria-label={words.show(title)}
        title={words.show(title)}
        checked={isShown(route.id)}
        onChange={() => toggleShown(route)}
      />
      <button
        type="button"
        title={title}
        onClick={(event) => {
          if (event.shiftKey) toggleShown(route);
          else focus(route);
        }}
      >
        <Thumbnail sketch={route.sketch} color={routeColor(route)} />
        <span class="row-text">
          <b>{route.name || route.traveler || words.unnamed}</b>
          <small>{details.filter(Boolean).join(" · ")}</small>
        </span>
        <span class="row-end">{formatDistance(s.distance)}</span>
      </button>
    </div>
  );
}

function Nothing() {
  const state = catalog.state.value;
  if (state.kind === "loading" || state.more) return <div class="empty">{words.loading}</div>;
  if (state.kind === "failed") return <div class="empty" />;
  if (filter.value.trim() !== "") {
    return (
      <div class="empty">
        <RouteIcon />
        <h2>{words.noMatch}</h2>
        <p>{words.noMatchHint(filter.value.trim())}</p>
        <button
          type="button"
          class="button"
          onClick={() => {
            filter.value = "";
          }}
        >
          {words.clear}
        </button>
      </div>
    );
  }
  return (
    <div class="empty">
      <RouteIcon />
      <h2>{words.none}</h2>
      <p>{words.noneHint}</p>
      <button type="button" class="button primary route" onClick={recordDevice}>
        {words.record}
      </button>
    </div>
  );
}
