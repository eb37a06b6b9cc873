import { type Call, calls, connection, developer } from "../state";
import { callTime, messages } from "./calls";
import { dialog } from "./dialogs";
import { words } from "./words";

/** Whether the server is reached; for developers a click shows the calls. */
export function Live() {
  const { kind } = connection.value;
  return (
    <>
      {developer.value ? (
        <button type="button" class="reached" data-kind={kind} title={words.showCalls} onClick={() => show()}>
          <i aria-hidden="true" />
          {words.reached[kind]}
        </button>
      ) : (
        <span class="reached" data-kind={kind} aria-hidden="true">
          <i />
          {words.reached[kind]}
        </span>
      )}
      <span class="visually-hidden" role="status">
        {words.reached[kind]}
      </span>
    </>
  );
}

/** For developers: the newest call, and one that is open, at the foot of the map. */
export function StatusLine() {
  const lines = newsworthy(calls.value);
  if (!developer.value || lines.length === 0) return null;
  return (
    <button type="button" class="status" title={words.showCalls} onClick={() => show()}>
      {lines.map((call) => (
        <span key={call.id} class="card">
          <i class={`call-dot ${call.state.kind}`} aria-hidden="true" />
          <span>
            {call.method} · {call.door} · {call.state.kind === "failed" ? call.state.code : messages(call)} ·{" "}
            {callTime(call)}
          </span>
        </span>
      ))}
    </button>
  );
}

function show(): void {
  dialog.value = "calls";
}

/** A cancelled call is shown only while there is no other. */
function newsworthy(list: readonly Call[]): Call[] {
  const ended = list.find((call) => call.state.kind === "done" || call.state.kind === "failed");
  const open = list.find((call) => call.state.kind === "open");
  const lines = [ended, open].filter((call) => call !== undefined);
  return lines.length > 0 ? lines : list.slice(0, 1);
}
