// The card as a sheet at the bottom of a phone: how high it stands.
import { signal } from "@preact/signals";

const small = globalThis.matchMedia?.("(max-width: 600px)");

/** Whether the card is a sheet: the window is a phone's. */
export const narrow = signal(small?.matches ?? false);
small?.addEventListener("change", (event) => {
  narrow.value = event.matches;
});

/** Pixels over the sheet that the chosen place's card takes there. */
export const PLACE_CARD = 176;

export const stops = ["peek", "half", "full"] as const;
export type Stop = (typeof stops)[number];
export const sheet = signal<Stop>("half");

/** Pixels; `head` is the part that is always seen. */
export function heightOf(stop: Stop, viewport: number, head: number): number {
  if (stop === "peek") return head;
  // Half of what an on-screen keyboard leaves would be too little to read in.
  const half = viewport < 520 ? viewport - 24 : viewport * 0.52;
  return Math.round(stop === "half" ? half : viewport - 24);
}

/** Where a sheet comes to rest when it is let go: at the nearest stop, or at the next one after a flick (pixels/ms, up > 0). */
export function settle(height: number, speed: number, viewport: number, head: number): Stop {
  const heights = stops.map((stop) => heightOf(stop, viewport, head));
  if (Math.abs(speed) > 0.4) {
    const on = speed > 0 ? heights.findIndex((h) => h > height) : heights.findLastIndex((h) => h < height);
    return stops[on] ?? (speed > 0 ? "full" : "peek");
  }
  const away = heights.map((h) => Math.abs(h - height));
  return stops[away.indexOf(Math.min(...away))] ?? "half";
}

/** The next stop for a tap: up to full, then back to peek. */
export function nextStop(stop: Stop): Stop {
  return stops[(stops.indexOf(stop) + 1) % stops.length] ?? "half";
}
