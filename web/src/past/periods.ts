// The stretches of time that one looks back at.

export const periods = ["hour", "day", "week", "date"] as const;
export type Period = (typeof periods)[number];

const HOUR = 3_600_000;
const lengths = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR } as const;

/** From when to when, in milliseconds since the epoch; `date` is a local day as in `2026-11-30`. */
export function timesOf(period: Period, date: string, now: number): { readonly start: number; readonly end: number } {
  if (period !== "date") return { start: now - lengths[period], end: now };
  const [year = 1970, month = 1, day = 1] = date.split("-").map(Number);
  const start = new Date(year, month - 1, day).getTime();
  // Days with a change of the clock are not 24 hours long.
  return { start, end: Math.max(start, Math.min(now, new Date(year, month - 1, day + 1).getTime())) };
}

/** The local day of a time, as in `2026-11-30`. */
export function dateOf(time: number): string {
  const at = new Date(time);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
