import { type Action, actionOf } from "./keyboard";
import { zoomBy } from "./map";
import { dialog } from "./panel/dialogs";
import { toggleRecording } from "./recorder";
import { sheet } from "./sheet";
import { closeConsole, consoleLink, openConsole, place, view } from "./state";
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
      view.value = action.view;
      break;
    case "console":
      openConsole();
      break;
    case "zoom":
      zoomBy(action.levels);
      break;
    case "filter":
      if (consoleLink.value) {
        document.getElementById("console-search")?.focus();
        break;
      }
      view.value = "features";
      if (sheet.value === "peek") sheet.value = "half";
      focusFilter();
      break;
    case "record":
      closeConsole();
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
      else if (view.value !== "chat") place.value = null;
      break;
  }
}

/** Focuses it now if it is on the page, so that nothing typed after the key is lost; otherwise once it is drawn. */
function focusFilter(): void {
  const field = document.getElementById("filter");
  if (field) field.focus();
  else setTimeout(() => document.getElementById("filter")?.focus());
}
