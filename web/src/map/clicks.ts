import { effect } from "@preact/signals";
import { addAt, placing } from "../places/editing";
import { takeBack, takeClick, wantsClicks } from "../record/recorder";
import { place, view } from "../state";
import { onKey, onPick, setMode } from "./map";

/** Gives clicks on the map to the view that wants them from now on. Call it once. */
export function followClicks(): void {
  effect(() => {
    if (placing.value) setMode("choose");
    else if (view.value === "chat") setMode("choose");
    else if (view.value === "record" && wantsClicks.value) setMode(wantsClicks.value === "points" ? "draw" : "choose");
    else setMode("browse");
  });
  onKey((key) => {
    if (key === "back" && view.value === "record") takeBack();
    if (key === "leave" && placing.peek()) placing.value = false;
    else if (key === "leave") {
      const buttons = ["#panel [data-first]", "[role=tab][tabindex='0']"];
      buttons
        .map((b) => document.querySelector<HTMLElement>(b))
        .find((b) => b !== null)
        ?.focus();
    }
  });
  onPick((picked) => {
    if (placing.value) addAt(picked.point);
    else if (view.value === "chat") place.value = picked;
    else takeClick(picked);
  });
}
