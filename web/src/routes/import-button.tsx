import { useRef } from "preact/hooks";
import { CloseIcon } from "../ui/icons";
import type { Importing } from "./importing";
import { words } from "./words";

/** Asks for files and sends them. */
export function ImportButton<T>(props: { importing: Importing<T>; label: string; accept: string }) {
  const { importing } = props;
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="button"
        disabled={importing.state.value.kind === "sending"}
        onClick={() => input.current?.click()}
      >
        {props.label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={props.accept}
        onChange={(event) => {
          void importing.start([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

/** How far the files are, and what they came to. */
export function ImportNews<T>({ importing, said }: { importing: Importing<T>; said: (sum: T) => string }) {
  const state = importing.state.value;
  if (state.kind === "idle") return null;
  return (
    <div class="import-news" data-kind={state.kind} role={state.kind === "failed" ? "alert" : "status"}>
      {state.kind === "sending" && (
        <>
          <p title={state.name}>{words.sending(state.name, Math.floor(state.part * 100))}</p>
          <progress max={1} value={state.part} aria-label={state.name} />
        </>
      )}
      {state.kind === "done" && <p>{said(state.sum)}</p>}
      {state.kind === "failed" && <p>{words.notImported(state.name, state.reason)}</p>}
      <button
        type="button"
        class="icon-button small"
        aria-label={words.dismiss}
        title={words.dismiss}
        onClick={() => importing.dismiss()}
      >
        <CloseIcon />
      </button>
    </div>
  );
}
