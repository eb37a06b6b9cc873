import { useEffect, useRef } from "preact/hooks";
import { DraftOffer } from "./draft-offer";
import { Failed, Finished } from "./record-end";
import { Recording } from "./record-live";
import { Preparation } from "./record-start";
import { recorder, unfinished } from "./recorder";

/** Records a route: preparing it, following it, and what it came to. */
export function RecordPanel() {
  const state = recorder.state.value;
  const panel = useRef<HTMLDivElement>(null);

  // A pressed button disappears with its state; then the first one of the next state gets the focus.
  const pressed = useRef(false);
  const { kind } = state;
  useEffect(() => {
    const first = panel.current?.querySelector<HTMLElement>("[data-first]");
    if (!pressed.current || !first || document.activeElement !== document.body) return;
    pressed.current = false;
    first.focus({ preventScroll: true });
  }, [kind]);

  return (
    <div
      ref={panel}
      class="record"
      onClickCapture={() => {
        pressed.current = true;
      }}
    >
      {state.kind === "idle" && unfinished.value.map((draft) => <DraftOffer key={draft.id} draft={draft} />)}
      {state.kind === "idle" && <Preparation />}
      {(state.kind === "recording" || state.kind === "paused" || state.kind === "finishing") && (
        <Recording kind={state.kind} track={state.track} />
      )}
      {state.kind === "finished" && <Finished track={state.track} summary={state.summary} />}
      {state.kind === "failed" && <Failed track={state.track} reason={state.reason} canRetry={state.canRetry} />}
    </div>
  );
}
