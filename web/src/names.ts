import { effect } from "@preact/signals";
import { samePoint } from "./geo";
import { getFeature } from "./rpc";
import { place } from "./state";

/** Asks for the name of a chosen place that came without one, from an address or a click beside all features. */
export function followNames(): void {
  effect(() => {
    const chosen = place.value;
    if (chosen?.name !== "") return;
    const control = new AbortController();
    getFeature(chosen.point, control.signal).then(
      (found) => {
        const now = place.peek();
        if (found.name !== "" && now && samePoint(now.point, found.point)) place.value = found;
      },
      () => {}, // The place does without a name.
    );
    return () => control.abort();
  });
}
