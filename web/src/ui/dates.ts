const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const sameYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const otherYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** The local time of day as this country writes it: `10:02`. */
export function timeOf(ms: number): string {
  return clock.format(ms);
}

/** The local day as one would say it: `today`, `yesterday`, `18 Nov`, `18 Nov 2024`. */
export function dayOf(ms: number, now = Date.now()): string {
  const days = Math.round((midnight(now) - midnight(ms)) / 86_400_000);
  if (days === 0) return "today";
  if (days === 1) return "yesterday";
  const thisYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return (thisYear ? sameYear : otherYear).format(ms);
}

/** When something was: `10:02` today, else the day. */
export function momentOf(ms: number, now = Date.now()): string {
  const day = dayOf(ms, now);
  return day === "today" ? timeOf(ms) : day;
}

/** Days with a change of the clock are not 24 hours long: compare midnights, rounded. */
function midnight(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}
