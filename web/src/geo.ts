// Points, rectangles and lengths as plain values. Nothing here knows the network or the map.
import { language, locale, units } from "./words/language";

/** Metres; the sphere on which the server measures too. */
export const EARTH_RADIUS = 6_371_000;

/** A position in E7: whole numbers of 10⁻⁷ degrees, as on the wire. */
export interface Point {
  readonly lat: number;
  readonly lng: number;
}

/** An area, edges included, in E7. West greater than east crosses the antimeridian. */
export interface Rect {
  readonly south: number;
  readonly west: number;
  readonly north: number;
  readonly east: number;
}

/** The nearest E7 point to a position in degrees: latitude clamped to ±90°, longitude wrapped to ±180°. */
export function fromDegrees(latitude: number, longitude: number): Point {
  const lat = Math.max(-90, Math.min(90, latitude));
  const lng = Math.abs(longitude) <= 180 ? longitude : ((((longitude + 180) % 360) + 360) % 360) - 180;
  return { lat: Math.round(lat * 1e7), lng: Math.round(lng * 1e7) };
}

/** `[longitude, latitude]` in degrees, the order that GeoJSON and maps want. */
export function toLngLat(p: Point): [number, number] {
  return [p.lng / 1e7, p.lat / 1e7];
}

export function isValid(p: Point): boolean {
  return (
    Number.isInteger(p.lat) &&
    Number.isInteger(p.lng) &&
    Math.abs(p.lat) <= 900_000_000 &&
    Math.abs(p.lng) <= 1_800_000_000
  );
}

export function samePoint(a: Point, b: Point): boolean {
  return a.lat === b.lat && a.lng === b.lng;
}

export function sameRect(a: Rect, b: Rect): boolean {
  return a.south === b.south && a.west === b.west && a.north === b.north && a.east === b.east;
}

/** A point as one string, for maps, keys and links: `409146138,-746188906`. */
export function pointKey(p: Point): string {
  return `${p.lat},${p.lng}`;
}

/** Reads what `pointKey` wrote; null for anything else and for points out of range. */
export function parsePointKey(text: string): Point | null {
  const match = /^(-?\d{1,10}),(-?\d{1,10})$/.exec(text);
  if (!match) return null;
  const point = { lat: Number(match[1]), lng: Number(match[2]) };
  return isValid(point) ? point : null;
}

/** Great-circle metres between two points (haversine). */
export function distance(a: Point, b: Point): number {
  const radians = Math.PI / 180 / 1e7;
  const sinLat = Math.sin(((b.lat - a.lat) * radians) / 2);
  const sinLng = Math.sin(((b.lng - a.lng) * radians) / 2);
  const h = sinLat * sinLat + Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * sinLng * sinLng;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Metres along a track, 0 for fewer than two points. */
export function trackLength(points: readonly Point[]): number {
  let metres = 0;
  for (let i = 1; i < points.length; i++) metres += distance(points[i - 1] as Point, points[i] as Point);
  return metres;
}

export function contains(r: Rect, p: Point): boolean {
  if (p.lat < r.south || p.lat > r.north) return false;
  return r.west <= r.east ? p.lng >= r.west && p.lng <= r.east : p.lng >= r.west || p.lng <= r.east;
}

/** The one or two rectangles that do not cross the antimeridian and cover the same area. */
export function splitRect(r: Rect): Rect[] {
  if (r.west <= r.east) return [r];
  return [
    { ...r, east: 1_800_000_000 },
    { ...r, west: -1_800_000_000 },
  ];
}

/** The smallest rectangle around some points that does not cross the antimeridian; null for none. */
export function boundsOf(points: Iterable<Point>): Rect | null {
  let south = Infinity;
  let west = Infinity;
  let north = -Infinity;
  let east = -Infinity;
  for (const p of points) {
    south = Math.min(south, p.lat);
    north = Math.max(north, p.lat);
    west = Math.min(west, p.lng);
    east = Math.max(east, p.lng);
  }
  return south <= north ? { south, west, north, east } : null;
}

/** Exact degrees to copy and paste: `40.9146138, -74.6188906`. Trailing zeros stay: every point has seven decimals. */
export function formatPoint(p: Point): string {
  return `${formatE7(p.lat)}, ${formatE7(p.lng)}`;
}

function formatE7(value: number): string {
  const digits = Math.abs(value).toString().padStart(8, "0");
  return `${value < 0 ? "-" : ""}${digits.slice(0, -7)}.${digits.slice(-7)}`;
}

/** A count as people write it: `1,204`. */
export function formatCount(n: number): string {
  return numbers({}).format(n);
}

const METRES_A_MILE = 1609.344;
const METRES_A_FOOT = 0.3048;

/** Metres as `850 m`, `12.1 km` or `1,204 km`; where people measure in miles, as `400 ft`, `7.5 mi` or `748 mi`. */
export function formatDistance(metres: number): string {
  if (units.value === "mi") {
    const miles = metres / METRES_A_MILE;
    return miles < 0.1 ? measure(metres / METRES_A_FOOT, "foot", 0) : measure(miles, "mile", miles < 99.95 ? 1 : 0);
  }
  if (metres < 999.5) return measure(metres, "meter", 0);
  const km = metres / 1000;
  return measure(km, "kilometer", km < 99.95 ? 1 : 0);
}

/** Metres of height as `431 m` or `1,414 ft`. */
export function formatHeight(metres: number): string {
  return measure(heightNumber(metres), units.value === "mi" ? "foot" : "meter", 0);
}

/** Metres per second as `4.2 km/h`, `52 km/h` or `32 mph`. */
export function formatSpeed(metresPerSecond: number): string {
  const digits = metresPerSecond < 2.78 ? 1 : 0;
  return measure(speedNumber(metresPerSecond), units.value === "mi" ? "mile-per-hour" : "kilometer-per-hour", digits);
}

/** Metres per second as a number of the unit that speeds are shown in. */
export function speedNumber(metresPerSecond: number): number {
  return metresPerSecond * (units.value === "mi" ? 3600 / METRES_A_MILE : 3.6);
}

/** Metres of height as a number of the unit that heights are shown in. */
export function heightNumber(metres: number): number {
  return units.value === "mi" ? metres / METRES_A_FOOT : metres;
}

/** The signs of the units of speeds and heights. */
export function unitSigns(): { readonly speed: string; readonly height: string } {
  return units.value === "mi" ? { speed: "mph", height: "ft" } : { speed: "km/h", height: "m" };
}

function measure(value: number, unit: string, digits: number): string {
  return numbers({ style: "unit", unit, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

const formats = new Map<string, Intl.NumberFormat>();

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale()} ${options.unit} ${options.maximumFractionDigits}`;
  const format = formats.get(key) ?? new Intl.NumberFormat(locale(), options);
  formats.set(key, format);
  return format;
}

/** Seconds as a clock: `0:38:12`. Fractions are cut. */
export function formatClock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** Milliseconds as `14 ms`, `2.1 s`, `38 min` or `2 h 10 min`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return time(Math.round(ms), "ms");
  if (ms < 59_950) return time((ms / 1000).toFixed(1), "s");
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return time(minutes, "min");
  const hours = time(Math.floor(minutes / 60), "h");
  return minutes % 60 === 0 ? hours : `${hours} ${time(minutes % 60, "min")}`;
}

const chinese = { ms: "毫秒", s: "秒", min: "分钟", h: "小时" } as const;

/** A time in one unit. English has the signs of the units; Intl would write `hr` for `h`. */
export function time(value: number | string, unit: keyof typeof chinese): string {
  return `${value} ${language.value === "zh" ? chinese[unit] : unit}`;
}

/** Bytes as `512 B`, `1.4 kB`, `3.0 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 999_950 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
