import { splitName } from "../features/features";
import { rows } from "../features/finder";
import { distance, formatDistance, formatDuration, formatPoint } from "../geo";
import { fitTo } from "../map/map";
import { type Place, waypoints } from "../state";
import { CloseIcon, RouteIcon } from "../ui/icons";
import { coarse } from "../ui/words";
import type { Source } from "./draft";
import { nearestOrder } from "./drive";
import { canStart, plannedDrive, source, speed, speedUp, start } from "./recorder";
import { words } from "./words";

const ways: readonly Source[] = ["device", "draw", "drive"];

/** The speeds of the demo's clock. */
const paces = [1, 10, 60, 600, 3600];

export function Preparation() {
  return (
    <>
      <SourceChips />
      {source.value === "drive" ? (
        <DrivePlan />
      ) : (
        <p class="hint">{source.value === "device" ? words.deviceHint : words.drawHint(coarse)}</p>
      )}
      <button type="button" class="button primary route wide" data-first disabled={!canStart.value} onClick={start}>
        {words.start}
      </button>
    </>
  );
}

/** How the next points are made. */
export function SourceChips() {
  return (
    <fieldset class="chips">
      <legend class="visually-hidden">{words.whatMakes}</legend>
      {ways.map((way) => (
        <button
          key={way}
          type="button"
          aria-pressed={source.value === way}
          onClick={() => {
            source.value = way;
          }}
        >
          {words.ways[way]}
        </button>
      ))}
    </fieldset>
  );
}

function DrivePlan() {
  const stops = waypoints.value;
  const drive = plannedDrive.value;
  return (
    <section class="drive" aria-label={words.demoDrive}>
      {stops.length === 0 ? (
        <div class="drive-empty">
          <RouteIcon />
          <p>{words.driveHint(coarse)}</p>
          <Suggest />
        </div>
      ) : (
        <>
          <ol class="stops">
            {stops.map((stop, i) => (
              <Stop key={`${i} ${stop.point.lat} ${stop.point.lng}`} stop={stop} before={stops[i - 1]} index={i} />
            ))}
          </ol>
          {stops.length === 1 && <p class="hint">{words.oneMore}</p>}
          <div class="drive-settings">
            <NumberField
              label={words.speed}
              least={1}
              most={2000}
              value={speed.value}
              onChange={(n) => {
                speed.value = n;
              }}
            />
            <label class="labelled">
              <span>{words.pace}</span>
              <select
                class="field"
                value={String(speedUp.value)}
                onChange={(event) => {
                  speedUp.value = Number(event.currentTarget.value);
                }}
              >
                {paces.map((pace) => (
                  <option key={pace} value={String(pace)}>
                    {pace === 1 ? words.asItDoes : words.faster(pace)}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <p class="summary">
            <span>{words.takes(formatDistance(drive.length), formatDuration(drive.duration * 1000))}</span>
            <span>{words.watched(formatDuration((drive.duration / speedUp.value) * 1000))}</span>
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
              {words.clear}
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
      {words.suggest}
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
        aria-label={words.removeStop(index + 1)}
        title={words.remove}
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
  readonly least: number;
  readonly most: number;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function NumberField({ label, least, most, value, onChange }: NumberFieldProps) {
  return (
    <label class="labelled">
      <span>{label}</span>
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
