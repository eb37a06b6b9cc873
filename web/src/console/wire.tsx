// What goes with a message: metadata and a deadline.
import { CloseIcon, PlusIcon } from "../ui/icons";
import type { Page } from "./desk";
import { type Pair, problemOfPair } from "./metadata";

export function Metadata({ page }: { page: Page }) {
  const rows = page.metadata.value;
  function set(at: number, pair: Pair | null): void {
    page.metadata.value = pair ? rows.with(at, pair) : rows.toSpliced(at, 1);
    page.problem.value = null;
  }
  return (
    <div class="console-metadata">
      <div class="console-line">
        <h3>Metadata</h3>
        <button
          type="button"
          class="button quiet small"
          onClick={() => {
            page.metadata.value = [...rows, { name: "", value: "" }];
          }}
        >
          <PlusIcon /> Add
        </button>
      </div>
      {rows.map((pair, i) => (
        <div class="console-pair" key={i}>
          <input
            class="field mono"
            aria-label={`Name of metadata ${i + 1}`}
            placeholder="name"
            autocomplete="off"
            spellcheck={false}
            value={pair.name}
            onInput={(event) => set(i, { ...pair, name: event.currentTarget.value.trim() })}
          />
          <input
            class="field mono"
            aria-label={`Value of metadata ${i + 1}`}
            placeholder={/-bin$/i.test(pair.name) ? "base64" : "value"}
            autocomplete="off"
            spellcheck={false}
            value={pair.value}
            onInput={(event) => set(i, { ...pair, value: event.currentTarget.value })}
          />
          <button
            type="button"
            class="icon-button small"
            aria-label={`Remove metadata ${i + 1}`}
            onClick={() => set(i, null)}
          >
            <CloseIcon />
          </button>
          {problemOfPair(pair) && <p class="wrong">{problemOfPair(pair)}</p>}
        </div>
      ))}
    </div>
  );
}

export function Deadline({ page }: { page: Page }) {
  return (
    <label class="console-line">
      <b>Deadline</b>
      <span class="console-seconds">
        <input
          class="field"
          inputMode="decimal"
          placeholder="none"
          autocomplete="off"
          value={page.deadline.value}
          onInput={(event) => {
            page.deadline.value = event.currentTarget.value;
            page.problem.value = null;
          }}
        />
        seconds
      </span>
    </label>
  );
}
