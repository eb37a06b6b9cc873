import { splitName } from "../features/features";
import { rows } from "../features/finder";
import { distance, formatDistance, formatDuration, formatPoint } from "../geo";
import { fitTo } from "../map/map";
import { type Place, waypoints } from "../state";
import { CloseIcon, RouteIcon } from "../ui/icons";
import { click } from "../ui/words";
import type { Source } from "./draft";
import { nearestOrder } from "./drive";
import { canStart, plannedDrive, source, speed, speedUp, start } from "./recorder";

const ways: readonly { readonly source: Source; readonly title: string; readonly hint: string }[] = [
  {
    source: "device",
    title: "This device",
    hint: "Records where this device goes. The browser asks whether it may know.",
  },
  {
    source: "draw",
    title: "Draw",
    hint: `Start, then ${click} on the map, or on features, where the route goes.`,
  },
  { source: "drive", title: "Demo drive", hint: "" },
];

export function Preparation() {
  const way = ways.find((w) => w.source === source.value);
  return (
    <>
      <SourceChips />
      {source.value === "drive" ? <DrivePlan /> : <p class="hint">{way?.hint}</p>}
      <button type="button" class="button primary route wide" data-first disabled={!canStart.value} onClick={start}>
        Start recording
      </button>
    </>
  );
}

/** How the next points are made. */
export function SourceChips() {
  return (
    <fieldset class="chips">
      <legend class="visually-hidden">What makes the points</legend>
      {ways.map((way) => (
        <button
          key={way.source}
          type="button"
          aria-pressed={source.value === way.source}
          onClick={() => {
            source.value = way.source;
          }}
        >
          {way.title}
        </button>
      ))}
    </fieldset>
  );
}

function DrivePlan() {
  const stops = waypoints.value;
  const drive = plannedDrive.value;
  return (
    <section class="drive" aria-label="The demo drive">
      {stops.length === 0 ? (
        <div class="drive-empty">
          <RouteIcon />
          <p>
            A simulated car drives through features, in the order in which you {click} them on the map, to show how a
            recording goes.
          </p>
          <Suggest />
        </div>
      ) : (
        <>
          <ol class="stops">
            {stops.map((stop, i) => (
              <Stop key={`${i} ${stop.point.lat} ${stop.point.lng}`} stop={stop} before={stops[i - 1]} index={i} />
            ))}
          </ol>
          {stops.length === 1 && <p class="hint">One more stop makes a drive.</p>}
          <div class="drive-settings">
            <NumberField
              label="Speed"
              unit="km/h"
              least={1}
              most={2000}
              value={speed.value}
              onChange={(n) => {
                speed.value = n;
              }}
            />
            <label class="labelled">
              <span>Time goes</span>
              <select
                class="field"
                value={String(speedUp.value)}
                onChange={(event) => {
                  speedUp.value = Number(event.currentTarget.value);
                }}
              >
                <option value="1">as it does</option>
                <option value="10">10 × faster</option>
                <option value="60">60 × faster</option>
                <option value="600">600 × faster</option>
                <option value="3600">3,600 × faster</option>
              </select>
            </label>
          </div>
          <p class="summary">
            <span>
              {formatDistance(drive.length)} in {formatDuration(drive.duration * 1000)}
            </span>
            <span>watched in {formatDuration((drive.duration / speedUp.value) * 1000)}</span>
          </p>
          <div class="drive-buttons">
            <Suggest />
            <button
              type="button"
              class="button small quiet"
              onClick={() => {
                waypoints.value = [];
              }}
            >
              Clear
            </button>
          </div>
        </>
      )}
    </section>
  );
}

/** Takes some of the named features nearest to the map's centre for stops. */
function Suggest() {
  const near = rows.value.filter((feature) => feature.name !== "").slice(0, 6);
  // Beginning with the outermost makes fewer detours.
  const outermostFirst = near.toReversed();
  return (
    <button
      type="button"
      class="button small"
      disabled={near.length < 2}
      onClick={() => {
        waypoints.value = nearestOrder(outermostFirst);
        fitTo(waypoints.value.map((stop) => stop.point));
      }}
    >
      Suggest a drive
    </button>
  );
}

function Stop({ stop, before, index }: { stop: Place; before: Place | undefined; index: number }) {
  const [title, detail] = splitName(stop.name);
  return (
    <li class="stop">
      <i aria-hidden="true">{index + 1}</i>
      <span class="row-text" title={stop.name || undefined}>
        <span>{title || formatPoint(stop.point)}</span>
        {detail && <small>{detail}</small>}
      </span>
      <small class="row-end">{before && formatDistance(distance(before.point, stop.point))}</small>
      <button
        type="button"
        class="icon-button small"
        aria-label={`Remove stop ${index + 1}`}
        title="Remove"
        onClick={() => {
          waypoints.value = waypoints.value.filter((_, i) => i !== index);
        }}
      >
        <CloseIcon />
      </button>
    </li>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly unit: string;
  readonly least: number;
  readonly most: number;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function NumberField({ label, unit, least, most, value, onChange }: NumberFieldProps) {
  return (
    <label class="labelled">
      <span>
        {label}, {unit}
      </span>
      <input
        class="field"
        type="number"
        inputMode="decimal"
        min={least}
        max={most}
        value={value}
        onInput={(event) => {
          const n = event.currentTarget.valueAsNumber;
          if (n >= least && n <= most) onChange(n);
        }}
        onBlur={(event) => {
          event.currentTarget.value = String(value);
        }}
      />
    </label>
  );
}
