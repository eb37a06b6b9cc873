import { effect } from "@preact/signals";
import { onPick, setMode } from "./map";
import { takeClick, wantsClicks } from "./recorder";
import { place, view } from "./state";

/** Gives clicks on the map to the view that wants them from now on. Call it once. */
export function followClicks(): void {
  effect(() => {
    if (view.value === "chat") setMode("choose");
    else if (view.value === "record" && wantsClicks.value) setMode(wantsClicks.value === "points" ? "draw" : "choose");
    else setMode("browse");
  });
  onPick((picked) => {
    if (view.value === "chat") place.value = picked;
    else takeClick(picked);
  });
}
