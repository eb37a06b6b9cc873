import { useRef } from "preact/hooks";
import { camera } from "../state";
import { dialog } from "../ui/dialogs";
import { LayersIcon } from "../ui/icons";
import { builtIn, chosen, offers, wish } from "./offers";
import { words } from "./words";

/** The zoom from which on the built-in map has nothing more to show. */
const BUILT_IN_UNTIL = 11;

/** A menu of the maps, where there are several; where there is only the built-in one, how to add one once that is missed. */
export function MapChoice() {
  const all = offers.value ?? [];
  if (all.length > 1) return <Choice />;
  if (all.length === 0 || camera.value.zoom <= BUILT_IN_UNTIL) return null;
  return (
    <div class="card">
      <button
        type="button"
        class="basemap-hint"
        onClick={() => {
          dialog.value = "basemap";
        }}
      >
        {words.add}
      </button>
    </div>
  );
}

function Choice() {
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const current = chosen.value ?? builtIn;

  function toggle(): void {
    const at = button.current?.getBoundingClientRect();
    if (!box.current || !at) return;
    box.current.style.top = `${at.top}px`;
    box.current.style.right = `${innerWidth - at.left + 8}px`;
    box.current.togglePopover();
  }

  return (
    <>
      <div class="card">
        <button
          ref={button}
          type="button"
          class="icon-button"
          aria-label={words.choose}
          title={words.choose}
          onClick={toggle}
        >
          <LayersIcon />
        </button>
      </div>
      <div ref={box} popover="auto" class="card basemap-choice" role="dialog" aria-label={words.choose}>
        <fieldset>
          <legend>{words.legend}</legend>
          {(offers.value ?? []).map(({ name }) => (
            <label key={name}>
              <input
                type="radio"
                name="basemap"
                checked={name === current.name}
                onChange={() => {
                  wish.value = name;
                }}
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      </div>
    </>
  );
}

/** How to give the server a map of the region, in short. */
export function AddBasemap() {
  return (
    <div class="prose basemap-add">
      <p>{words.why}</p>
      <p>{words.extract}</p>
      <pre>
        <code>
          pmtiles extract https://build.protomaps.com/{words.day}.pmtiles region.pmtiles --bbox={bounds()}
        </code>
      </pre>
      <p>{words.start}</p>
      <pre>
        <code>routeguide -basemap region.pmtiles</code>
      </pre>
      <p class="dim">{words.more}</p>
    </div>
  );
}

/** Some thirty kilometres around what the map shows: west, south, east, north in degrees. */
function bounds(): string {
  const { latitude, longitude } = camera.value;
  return [longitude - 0.2, latitude - 0.15, longitude + 0.2, latitude + 0.15].map((n) => n.toFixed(2)).join(",");
}
