// All that the replay of the view says.
import { formatCount } from "../geo";

export const words = {
  open: "Replay this view",
  bar: "The past",
  label: "You are looking at the past",
  live: "Back to live",
  period: "Which time",
  periods: { hour: "The last hour", day: "The last 24 hours", week: "The last 7 days", date: "One day" },
  date: "Day",
  loading: (count: number) => (count === 0 ? "Reading what happened…" : `Reading what happened… ${formatCount(count)}`),
  nothing: "Nothing happened here in this time.",
  failed: (reason: string) => `The past cannot be read: ${reason}.`,
  again: "Try again",
  cut: (count: number) =>
    `The first ${formatCount(count)} things that happened are here. Come closer, or choose less time.`,
  follow: "Follow",
  nobody: "Nobody",
  someone: "Somebody",
  wrote: (traveler: string, message: string) => `${traveler || "someone"}: ${message}`,
  changed: (name: string) => `${name || "A place without a name"} was added or changed`,
  removed: (name: string) => `${name || "A place"} was deleted`,
} as const;
