import { type Call, calls } from "../state";
import { formatAge, formatBytes, formatCount, formatDuration } from "../words/numbers";
import { ui } from "../words/words";
import { now } from "./clock";
import { exactTimeOf } from "./dates";

/** `open 2 min`, `14 ms`, `failed after 30 ms`. */
export function callTime(call: Call): string {
  switch (call.state.kind) {
    case "open":
      return ui.calls.openFor(formatAge(now.value - call.began));
    case "done":
      return formatDuration(call.state.ms);
    case "cancelled":
      return ui.calls.cancelledAfter(formatDuration(call.state.ms));
    case "failed":
      return ui.calls.failedAfter(formatDuration(call.state.ms));
  }
}

export function messages(call: Call): string {
  const n = call.sent > 1 && call.received > 1 ? call.sent + call.received : Math.max(call.sent, call.received);
  return ui.calls.messages(n);
}

/** The newest calls in detail. */
export function CallsTable() {
  if (calls.value.length === 0) return <p class="dim calls-none">{ui.calls.none}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="calls" tabIndex={0} aria-label={ui.calls.newest}>
      <table>
        <thead>
          <tr>
            <th scope="col">{ui.calls.call}</th>
            <th scope="col">{ui.calls.result}</th>
            <th scope="col">{ui.calls.time}</th>
            <th scope="col">{ui.calls.sent}</th>
            <th scope="col">{ui.calls.received}</th>
            <th scope="col">{ui.calls.size}</th>
            <th scope="col">{ui.calls.began}</th>
          </tr>
        </thead>
        <tbody>
          {calls.value.map((call) => (
            <CallRow key={call.id} call={call} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function CallRow({ call }: { call: Call }) {
  const { state } = call;
  return (
    <tr>
      <th scope="row">
        {call.method}
        <small>{call.door}</small>
      </th>
      <td>
        <span class={`call-state ${state.kind}`}>
          {state.kind === "failed" ? state.code : ui.calls.states[state.kind]}
        </span>
        {state.kind === "failed" && <small title={state.reason}>{state.reason}</small>}
      </td>
      <td>{state.kind === "open" ? formatAge(now.value - call.began) : formatDuration(state.ms)}</td>
      <td>{formatCount(call.sent)}</td>
      <td>{formatCount(call.received)}</td>
      <td>{call.bytes === null ? "–" : formatBytes(call.bytes)}</td>
      <td>{exactTimeOf(call.began)}</td>
    </tr>
  );
}
