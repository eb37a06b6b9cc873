import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { deletion as noteDeletion } from "../chat/chats";
import { deletion as placeDeletion } from "../places/editing";
import { consoleLink, view } from "../state";
import { narrow } from "../ui/sheet";
import { ReplayBar } from "./replay-bar";
import { deletion, focusedRoute, importing } from "./routes";
import { words } from "./words";

/** What of the routes is seen over the map: the replay, what can be undone, and where files can be dropped. */
export function RoutesOverMap() {
  const one = focusedRoute.value;
  return (
    <>
      {one && !narrow.value && !consoleLink.value && one.track.value.fixes.length > 1 && (
        <ReplayBar key={one.id} shown={one} />
      )}
      <Undo />
      <DropZone />
    </>
  );
}

/** What was deleted last, of routes, places and notes. */
function Undo() {
  return (
    <div class="undo" role="status">
      {Object.entries({ route: deletion, place: placeDeletion, note: noteDeletion }).map(([what, one]) => {
        const pending = one.pending.value;
        return (
          pending && (
            <div key={what} class="card">
              <span title={pending.title}>{words.removed(pending.title)}</span>
              <button type="button" onClick={() => one.undo()}>
                {words.undo}
              </button>
            </div>
          )
        );
      })}
    </div>
  );
}

function DropZone() {
  const over = useSignal(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const drag = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      over.value = true;
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) over.value = false;
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      over.value = false;
      view.value = "routes";
      void importing.start([...(event.dataTransfer?.files ?? [])]);
    };
    addEventListener("dragover", drag);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", drag);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [over]);
  return over.value ? (
    <div class="drop-zone">
      <p class="card">{words.drop}</p>
    </div>
  ) : null;
}
