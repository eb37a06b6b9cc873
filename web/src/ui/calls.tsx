import { formatBytes, formatCount, formatDuration } from "../geo";
import { type Call, calls } from "../state";
import { age, now } from "./clock";

/** `open 2 min`, `14 ms`, `failed after 30 ms`. */
export function callTime(call: Call): string {
  switch (call.state.kind) {
    case "open":
      return `open ${age(now.value - call.began)}`;
    case "done":
      return formatDuration(call.state.ms);
    case "cancelled":
      return `cancelled, ${formatDuration(call.state.ms)}`;
    case "failed":
      return `failed, ${formatDuration(call.state.ms)}`;
  }
}

export function messages(call: Call): string {
  const n = call.sent > 1 && call.received > 1 ? call.sent + call.received : Math.max(call.sent, call.received);
  return n === 1 ? "1 message" : `${formatCount(n)} messages`;
}

/** The newest calls in detail. */
export function CallsTable() {
  if (calls.value.length === 0) return <p class="dim calls-none">No call has been made yet.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="calls" tabIndex={0} aria-label="The newest calls">
      <table>
        <thead>
          <tr>
            <th scope="col">Call</th>
            <th scope="col">Result</th>
            <th scope="col">Time</th>
            <th scope="col">Sent</th>
            <th scope="col">Received</th>
            <th scope="col">Size</th>
            <th scope="col">Began</th>
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
        <span class={`call-state ${state.kind}`}>{state.kind === "failed" ? state.code : label[state.kind]}</span>
        {state.kind === "failed" && <small title={state.reason}>{state.reason}</small>}
      </td>
      <td>{state.kind === "open" ? age(now.value - call.began) : formatDuration(state.ms)}</td>
      <td>{formatCount(call.sent)}</td>
      <td>{formatCount(call.received)}</td>
      <td>{call.bytes === null ? "–" : formatBytes(call.bytes)}</td>
      <td>{new Date(call.began).toLocaleTimeString()}</td>
    </tr>
  );
}

const label = { open: "open", done: "OK", cancelled: "cancelled" } as const;
