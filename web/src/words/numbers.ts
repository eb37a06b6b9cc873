// Numbers with what they count, as the chosen language and units write them.
import { locale, units } from "./language";

const FOOT = 0.3048;
const MILE = 1609.344;

/** Making one takes longer than all that it writes on a page. */
const writers = new Map<string, Intl.NumberFormat>();

function write(value: number, digits: number, options: Intl.NumberFormatOptions = {}): string {
  const key = `${locale.value} ${digits} ${options.unit ?? options.style}`;
  let writer = writers.get(key);
  if (!writer) {
    writer = new Intl.NumberFormat(locale.value, {
      ...options,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    writers.set(key, writer);
  }
  return writer.format(value);
}

function inUnit(value: number, unit: string, digits = 0): string {
  return write(value, digits, { style: "unit", unit, unitDisplay: "short" });
}

/** `1,204`. */
export function formatCount(n: number): string {
  return write(n, 0);
}

/** `40%`, of 40. */
export function formatPercent(n: number): string {
  return write(n / 100, 0, { style: "percent" });
}

/** Metres as `850 m`, `12.1 km` or `1,204 km`; as `850 ft`, `12.1 mi` or `1,204 mi`. */
export function formatDistance(metres: number): string {
  const [small, large, metresALarge, metresASmall] =
    units.value === "mi" ? (["foot", "mile", MILE, FOOT] as const) : (["meter", "kilometer", 1000, 1] as const);
  if (metres / metresASmall < 999.5) return inUnit(metres / metresASmall, small);
  const far = metres / metresALarge;
  return inUnit(far, large, far < 99.95 ? 1 : 0);
}

/** Metres in a metre or a foot. */
export function elevationUnit(): number {
  return units.value === "mi" ? FOOT : 1;
}

/** Metres up or down as `120 m` or `394 ft`. */
export function formatElevation(metres: number): string {
  return units.value === "mi" ? inUnit(metres / FOOT, "foot") : inUnit(metres, "meter");
}

/** Metres a second in a kilometre or a mile an hour. */
export function speedUnit(): number {
  return (units.value === "mi" ? MILE : 1000) / 3600;
}

/** Metres a second as `52 km/h`, with a decimal for one who walks. */
export function formatSpeed(metresPerSecond: number, digits?: number): string {
  const unit = units.value === "mi" ? "mile-per-hour" : "kilometer-per-hour";
  const speed = metresPerSecond / speedUnit();
  return inUnit(speed, unit, digits ?? (speed < 9.95 ? 1 : 0));
}

/** Milliseconds as `14 ms`, `2.1 sec`, `38 min` or `2 hr 10 min`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return inUnit(ms, "millisecond");
  if (ms < 59_950) return inUnit(ms / 1000, "second", 1);
  return formatMinutes(Math.round(ms / 60_000));
}

/** How long something has been going on: `12 sec`, `2 min`, `1 hr 5 min`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? inUnit(seconds, "second") : formatMinutes(Math.floor(seconds / 60));
}

/** `38 min`, `2 hr 10 min`. */
export function formatMinutes(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours === 0) return inUnit(minutes, "minute");
  const parts = rest === 0 ? [inUnit(hours, "hour")] : [inUnit(hours, "hour"), inUnit(rest, "minute")];
  return parts.join(locale.value.startsWith("zh") ? "" : " ");
}

/** Bytes as `512 byte`, `1.4 kB`, `3.0 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return inUnit(bytes, "byte");
  return bytes < 999_950 ? inUnit(bytes / 1000, "kilobyte", 1) : inUnit(bytes / 1e6, "megabyte", 1);
}
