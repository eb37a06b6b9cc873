import { fromDegrees, type Point } from "../geo";

/** Where somebody was at a moment; null is what was not measured there. */
export interface Fix {
  readonly point: Point;
  /** Milliseconds since the epoch, by the clock of who measured it; 0 when it is not known. */
  readonly time: number;
  /** Metres above sea level. */
  readonly elevation: number | null;
  /** Metres. */
  readonly accuracy: number | null;
  /** Metres per second. */
  readonly speed: number | null;
  /** Degrees clockwise from north. */
  readonly heading: number | null;
  /** Percent. */
  readonly battery: number | null;
}

/** A place at a moment, with nothing measured. */
export function plainFix(point: Point, time: number): Fix {
  return { point, time, elevation: null, accuracy: null, speed: null, heading: null, battery: null };
}

/** What a device tells of its position. What it says of what it cannot measure differs, and is none here. */
export function deviceFix({ coords, timestamp }: GeolocationPosition): Fix {
  return {
    point: fromDegrees(coords.latitude, coords.longitude),
    time: timestamp,
    elevation: within(coords.altitude, -12_000, 100_000),
    accuracy: within(coords.accuracy, 0, 1_000_000),
    speed: within(coords.speed, 0, 10_000),
    heading: within(coords.heading, 0, 359.99),
    battery: null,
  };
}

/** What lies outside of this the server does not take. */
function within(value: number | null | undefined, least: number, most: number): number | null {
  return typeof value === "number" && value >= least && value <= most ? value : null;
}
