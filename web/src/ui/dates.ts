import { computed } from "@preact/signals";
import { locale } from "../words/language";

const writing = computed(() => {
  const writer = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale.value, options);
  return {
    clock: writer({ hour: "2-digit", minute: "2-digit" }),
    exact: writer({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    full: writer({ dateStyle: "medium", timeStyle: "medium" }),
    sameYear: writer({ day: "numeric", month: "short" }),
    otherYear: writer({ day: "numeric", month: "short", year: "numeric" }),
    near: new Intl.RelativeTimeFormat(locale.value, { numeric: "auto" }),
  };
});

/** The local time of day as this country writes it: `10:02`. */
export function timeOf(ms: number): string {
  return writing.value.clock.format(ms);
}

/** `10:02:45`. */
export function exactTimeOf(ms: number): string {
  return writing.value.exact.format(ms);
}

/** `18 Nov 2024, 10:02:45`. */
export function fullTimeOf(ms: number): string {
  return writing.value.full.format(ms);
}

/** The local day as one would say it: `today`, `yesterday`, `18 Nov`, `18 Nov 2024`. */
export function dayOf(ms: number, now = Date.now()): string {
  const { near, sameYear, otherYear } = writing.value;
  const days = Math.round((midnight(now) - midnight(ms)) / 86_400_000);
  if (days === 0 || days === 1) return near.format(-days, "day");
  const thisYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return (thisYear ? sameYear : otherYear).format(ms);
}

/** When something was: `10:02` today, else the day. */
export function momentOf(ms: number, now = Date.now()): string {
  return midnight(ms) === midnight(now) ? timeOf(ms) : dayOf(ms, now);
}

/** Days with a change of the clock are not 24 hours long: compare midnights, rounded. */
function midnight(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}
