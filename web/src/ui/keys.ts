import { zoomBy } from "../map/map";
import { backToLive } from "../past/past";
import { placing } from "../places/editing";
import { toggleRecording } from "../record/recorder";
import { closeConsole, consoleLink, lookingBack, openConsole, place, view } from "../state";
import { dialog } from "./dialogs";
import { type Action, actionOf } from "./keyboard";
import { nextTheme } from "./theme";

/** Does what the page's shortcuts say, from now on. */
export function followKeys(): void {
  addEventListener("keydown", (event) => {
    const inField = event.target instanceof HTMLElement && event.target.closest("input, textarea, select") !== null;
    const action = event.defaultPrevented || document.querySelector(":modal") ? null : actionOf(event, inField);
    if (!action) return;
    perform(action);
    event.preventDefault();
  });
}

function perform(action: Action): void {
  switch (action.kind) {
    case "view":
      closeConsole();
      backToLive();
      view.value = action.view;
      break;
    case "console":
      openConsole();
      break;
    case "zoom":
      zoomBy(action.levels);
      break;
    case "search":
      document.getElementById(consoleLink.value ? "console-search" : "search")?.focus();
      break;
    case "record":
      closeConsole();
      backToLive();
      if (view.value === "record") toggleRecording();
      else view.value = "record";
      break;
    case "help":
      dialog.value = "help";
      break;
    case "theme":
      nextTheme();
      break;
    case "close":
      if (consoleLink.value) closeConsole();
      else if (lookingBack.value) backToLive();
      else if (placing.value) placing.value = false;
      else if (view.value !== "chat") place.value = null;
      break;
  }
}
