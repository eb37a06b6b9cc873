import { computed, effect, signal } from "@preact/signals";
import { calls } from "../state";

/** The time as the page shows it; it moves once a second while a call is open. */
export const now = signal(Date.now());

const running = computed(() => calls.value.some((call) => call.state.kind === "open"));

/** Starts the clock; call it once. */
export function startClock(): void {
  effect(() => {
    if (!running.value) return;
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 1000);
    return () => clearInterval(timer);
  });
}

/** How long something has been going on, in whole seconds or minutes: `12 s`, `2 min`, `1 h 5 min`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
