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
