import type { Point } from "../geo";

/** Where somebody was at a moment; null is what was not measured there. */
export interface Fix {
  readonly point: Point;
  /** Milliseconds since the epoch, by the clock of who measured it. */
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
