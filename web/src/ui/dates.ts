import { language } from "../words/language";
import { words } from "./words";

const clock = { hour: "2-digit", minute: "2-digit" } as const;
const exactClock = { ...clock, second: "2-digit" } as const;
const weekday = { weekday: "short", day: "numeric", month: "short" } as const;
const sameYear = { day: "numeric", month: "short" } as const;
const otherYear = { ...sameYear, year: "numeric" } as const;

/** The day comes before the month in English too, as everybody reads it the same way so. */
const dates = () => (language.value === "zh" ? "zh-CN" : "en-GB");

const times = () => (language.value === "zh" ? "zh-CN" : undefined);

/** The local time of day as this country writes it: `10:02`. */
export function timeOf(ms: number): string {
  return formatOf(times(), clock).format(ms);
}

/** The same with seconds: `10:02:07`. */
export function exactTimeOf(ms: number): string {
  return formatOf(times(), exactClock).format(ms);
}

/** The local day with its name: `Mon, 30 Nov`. */
export function weekdayOf(ms: number): string {
  return formatOf(dates(), weekday).format(ms);
}

/** The local day as one would say it: `today`, `yesterday`, `18 Nov`, `18 Nov 2024`. */
export function dayOf(ms: number, now = Date.now()): string {
  const days = Math.round((midnight(now) - midnight(ms)) / 86_400_000);
  if (days === 0) return words.today;
  if (days === 1) return words.yesterday;
  const thisYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return formatOf(dates(), thisYear ? sameYear : otherYear).format(ms);
}

/** When something was: `10:02` today, else the day. */
export function momentOf(ms: number, now = Date.now()): string {
  const day = dayOf(ms, now);
  return day === words.today ? timeOf(ms) : day;
}

/** Days with a change of the clock are not 24 hours long: compare midnights, rounded. */
function midnight(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(locale: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${Object.keys(options)}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, format);
  return format;
}
