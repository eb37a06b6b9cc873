import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { distance, formatCount, formatDistance, formatPoint, fromDegrees, type Point } from "../geo";
import { reveal, setCamera } from "../map/map";
import { draft, importing, placing } from "../places/editing";
import { PlaceForm } from "../places/form";
import { PlaceSign } from "../places/sign";
import { kindOf, words as placeWords } from "../places/words";
import { ImportButton, ImportNews } from "../routes/import-button";
import { camera, connection, developer, place, showUnnamed } from "../state";
import { PinIcon, PlusIcon, SearchIcon } from "../ui/icons";
import { VirtualList } from "../ui/list";
import { narrow, PLACE_CARD } from "../ui/sheet";
import { type Feature, indexOfPoint, type Listing, splitName } from "./features";
import { filter, finder, hovered, rows, unnamedCount } from "./finder";
import { words } from "./words";

/** Lists what ListFeatures finds in the visible part of the world. */
export function FeaturesPanel() {
  if (draft.value) return <PlaceForm draft={draft.value} />;
  return <FeatureList />;
}

function FeatureList() {
  const active = useSignal<Point | null>(null);
  const list = rows.value;
  const listing = finder.listing.value;
  const selected = useComputed(() => indexOfPoint(rows.value, place.value?.point ?? null)).value;
  const at = useComputed(() => indexOfPoint(rows.value, active.value)).value;

  useSignalEffect(() => {
    active.value = place.value?.point ?? null;
  });

  function choose(feature: Feature | undefined): void {
    if (!feature) return;
    place.value = feature;
    reveal(feature.point, narrow.value ? PLACE_CARD : 0);
  }

  function keys(event: KeyboardEvent): void {
    const last = list.length - 1;
    const inField = event.target instanceof HTMLInputElement;
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 8,
      PageUp: at - 8,
      Home: inField ? undefined : 0,
      End: inField ? undefined : last,
    }[event.key];
    if (to !== undefined && last >= 0) {
      hovered.value = list[Math.max(0, Math.min(last, to))] ?? null;
      active.value = hovered.value?.point ?? null;
    } else if (event.key === "Enter") choose(list[Math.max(0, at)]);
    else return;
    event.preventDefault();
  }

  return (
    <div class="features">
      <Filter at={at} onKeyDown={keys} />
      <Summary listing={listing} />
      <div class={listing.kind === "streaming" ? "progress running" : "progress"} />
      {listing.kind === "failed" && (
        <div class="problem" role="alert">
          <p>{connection.value.kind === "live" ? listing.reason : words.notReached}</p>
          <button type="button" class="button small" onClick={() => finder.again()}>
            {words.again}
          </button>
        </div>
      )}
      {list.length > 0 ? (
        <VirtualList
          id="features"
          label={words.list}
          count={list.length}
          rowHeight={54}
          active={at}
          selected={selected}
          onKeyDown={keys}
          onRowClick={(index) => choose(list[index])}
          onRowHover={(index) => {
            hovered.value = list[index] ?? null;
          }}
          row={(index) => list[index] && <FeatureRow feature={list[index]} />}
        />
      ) : (
        <Nothing listing={listing} />
      )}
      <ImportNews
        importing={importing}
        said={({ features, duplicates }) => placeWords.imported(features, duplicates)}
      />
      <Adding />
    </div>
  );
}

/** Begins a new place: the next click on the map says where. */
function Adding() {
  if (!placing.value) {
    return (
      <footer class="adding">
        <button
          type="button"
          class="button wide"
          onClick={() => {
            placing.value = true;
          }}
        >
          <PlusIcon /> {placeWords.add}
        </button>
        <ImportButton importing={importing} label={placeWords.import} accept=".csv,.geojson,.json" />
      </footer>
    );
  }
  return (
    <footer class="adding">
      <p role="status">
        <b>{placeWords.placing}</b> <small>{placeWords.placingByKey}</small>
      </p>
      <button
        type="button"
        class="button small"
        onClick={() => {
          placing.value = false;
        }}
      >
        {placeWords.cancel}
      </button>
    </footer>
  );
}

function Filter({ at, onKeyDown }: { at: number; onKeyDown: (event: KeyboardEvent) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const total = finder.listing.value.features.length - unnamedCount.value;
  return (
    <div class="filter">
      <SearchIcon />
      <input
        ref={input}
        id="filter"
        class="field"
        type="text"
        inputMode="search"
        role="combobox"
        aria-label={words.filterLabel}
        aria-controls="features"
        aria-expanded={rows.value.length > 0}
        aria-autocomplete="list"
        aria-activedescendant={at >= 0 ? `features-${at}` : undefined}
        placeholder={words.filter(total)}
        value={filter.value}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => {
          filter.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape") onKeyDown(event);
          else if (filter.value === "") input.current?.blur();
          else filter.value = "";
        }}
      />
    </div>
  );
}

function Summary({ listing }: { listing: Listing }) {
  const n = listing.features.length - (developer.value ? 0 : unnamedCount.value);
  const shown = rows.value.length;
  return (
    <div class="summary">
      <span>
        <b class="count">{formatCount(n)}</b> {words.inView}
        {filter.value.trim() !== "" && words.matching(shown)}
      </span>
      {developer.value && (
        <label class="toggle">
          <input
            type="checkbox"
            checked={showUnnamed.value}
            onChange={(event) => {
              showUnnamed.value = event.currentTarget.checked;
            }}
          />
          <span>{words.unnamedCount(unnamedCount.value)}</span>
        </label>
      )}
    </div>
  );
}

function FeatureRow({ feature: { name, point, category } }: { feature: Feature }) {
  const center = fromDegrees(camera.value.latitude, camera.value.longitude);
  const [title, detail] = splitName(name);
  return (
    <>
      {category ? <PlaceSign category={category} size={22} /> : <i class={name === "" ? "unnamed" : ""} />}
      <span class="row-text" title={name === "" ? undefined : name}>
        {name === "" ? <em>{words.unnamed}</em> : <span>{title}</span>}
        <small>{[category && kindOf(category), detail || formatPoint(point)].filter(Boolean).join(" · ")}</small>
      </span>
      <small class="row-end">{formatDistance(distance(center, point))}</small>
    </>
  );
}

/** Why the list is empty, and what to do about it. */
function Nothing({ listing }: { listing: Listing }) {
  if (listing.kind === "waiting" || (listing.kind === "streaming" && listing.features.length === 0)) return <Waiting />;
  if (listing.kind === "failed" && listing.features.length === 0) {
    return <Hint title={words.waiting} text={words.waitingHint} />;
  }
  if (filter.value.trim() !== "") {
    return (
      <Hint title={words.noMatch} text={words.noMatchHint(filter.value.trim())}>
        <button
          type="button"
          class="button"
          onClick={() => {
            filter.value = "";
          }}
        >
          {words.clear}
        </button>
      </Hint>
    );
  }
  if (developer.value && listing.features.length > 0) {
    return (
      <Hint title={words.onlyUnnamed} text={words.onlyUnnamedHint}>
        <button
          type="button"
          class="button"
          onClick={() => {
            showUnnamed.value = true;
          }}
        >
          {words.showUnnamed(listing.features.length)}
        </button>
      </Hint>
    );
  }
  return (
    <Hint title={words.none} text={words.noneHint}>
      <button type="button" class="button" onClick={() => setCamera({ zoom: 1.5, latitude: 25, longitude: 0 })}>
        {words.world}
      </button>
    </Hint>
  );
}

function Hint(props: { title: string; text: string; children?: preact.ComponentChildren }) {
  return (
    <div class="empty">
      <PinIcon />
      <h2>{props.title}</h2>
      <p>{props.text}</p>
      {props.children}
    </div>
  );
}

function Waiting() {
  return (
    <div class="skeleton" aria-hidden="true">
      {[72, 54, 83, 61, 45].map((width) => (
        <div key={width}>
          <i />
          <span style={{ width: `${width}%` }} />
        </div>
      ))}
    </div>
  );
}
