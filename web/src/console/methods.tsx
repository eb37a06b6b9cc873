import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { formatDuration } from "../geo";
import { statusName } from "../rpc/dynamic";
import { SearchIcon } from "../ui/icons";
import { type Group, kindNames, type Method, searchCatalog, splitName } from "./catalog";
import { catalog, choose, history, isCalling, loadCatalog, page, reopen } from "./desk";
import type { Past } from "./history";
import { KindIcon } from "./kind";
import { Segments } from "./segments";

const search = signal("");
const tab = signal<"methods" | "history">("methods");

/** What there is to call, and what was called. */
export function MethodsPanel() {
  return (
    <nav class="console-side" aria-label="Methods" onKeyDown={walk}>
      <label class="console-search">
        <SearchIcon />
        <span class="visually-hidden">Search methods</span>
        <input
          id="console-search"
          class="field"
          type="search"
          placeholder="Search methods"
          autocomplete="off"
          spellcheck={false}
          value={search.value}
          onInput={(event) => {
            search.value = event.currentTarget.value;
            tab.value = "methods";
          }}
          onKeyDown={(event) => {
            if (event.key !== "Escape" || search.value === "") return;
            event.preventDefault();
            search.value = "";
          }}
        />
        <span aria-hidden="true">
          <kbd>/</kbd>
        </span>
      </label>
      <Segments
        label="What to list"
        names={{ methods: "Methods", history: "History" }}
        chosen={tab.value}
        onChoose={(choice) => {
          tab.value = choice;
        }}
      />
      <div class="console-list">{tab.value === "methods" ? <Methods /> : <History />}</div>
    </nav>
  );
}

function Methods() {
  const known = catalog.value;
  if (known.kind === "loading") return <p class="console-hint">Asking the server what it serves…</p>;
  if (known.kind === "failed")
    return (
      <div class="problem">
        <p>The server did not say what it serves. {known.reason}</p>
        <button type="button" class="button small" onClick={() => void loadCatalog()}>
          Try again
        </button>
      </div>
    );
  const groups = searchCatalog(known.groups, search.value);
  if (groups.length === 0) return <p class="console-hint">No method has “{search.value}” in its name.</p>;
  const methods = groups.flatMap((group) => group.methods);
  const stop = methods.find((method) => method === page.value?.method) ?? methods[0];
  return (
    <>
      {groups.map((group) => (
        <Service key={group.name} group={group} stop={stop} />
      ))}
    </>
  );
}

/** `stop` is where Tab stops in the list. */
function Service({ group, stop }: { group: Group; stop: Method | undefined }) {
  const { short, pack } = splitName(group.name);
  return (
    <section class="console-group" aria-label={group.name}>
      <h2 title={group.name}>
        {short}
        {pack && <small>{pack}</small>}
      </h2>
      {group.problem !== null && (
        <p class="console-hint">
          It cannot be called from here, since the server does not describe it: {group.problem}
        </p>
      )}
      <ul>
        {group.methods.map((method) => (
          <li key={method.id}>
            <MethodButton method={method} reachable={method === stop} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function MethodButton({ method, reachable }: { method: Method; reachable: boolean }) {
  const button = useRef<HTMLButtonElement>(null);
  const chosen = page.value?.method === method;
  useEffect(() => {
    if (chosen) button.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <button
      ref={button}
      type="button"
      class="console-method"
      aria-current={chosen ? "true" : undefined}
      tabIndex={reachable ? 0 : -1}
      title={kindNames[method.desc.methodKind]}
      onClick={() => choose(method)}
    >
      <KindIcon kind={method.desc.methodKind} />
      <span>{method.desc.name}</span>
      {isCalling(method) && <i class="call-dot open" role="img" aria-label="open" />}
    </button>
  );
}

function History() {
  if (history.value.length === 0) return <p class="console-hint">No call has been made from here yet.</p>;
  return (
    <>
      <ul>
        {history.value.map((past, i) => (
          <li key={`${past.began} ${past.method}`}>
            <PastButton past={past} reachable={i === 0} />
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="button quiet small"
        onClick={() => {
          history.value = [];
        }}
      >
        Forget all
      </button>
    </>
  );
}

function PastButton({ past, reachable }: { past: Past; reachable: boolean }) {
  const { short } = splitName(past.method);
  return (
    <button
      type="button"
      class="console-past"
      title={past.method}
      tabIndex={reachable ? 0 : -1}
      onClick={() => reopen(past)}
    >
      <span>
        <i class={past.code === 0 ? "call-dot" : past.code === 1 ? "call-dot cancelled" : "call-dot failed"} />
        <b>{short.replace("/", " / ")}</b>
      </span>
      <code>{past.messages[0] ?? "no message"}</code>
      <small>
        {statusName(past.code)} · {formatDuration(past.ms)} ·{" "}
        {new Date(past.began).toLocaleTimeString([], { timeStyle: "short" })}
      </small>
    </button>
  );
}

/** Arrow keys go from the search through the list. */
function walk(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !(event.currentTarget instanceof HTMLElement)) return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("#console-search, .console-list button")];
  const at = stops.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  event.preventDefault();
  stops[Math.min(stops.length - 1, Math.max(0, at + step))]?.focus();
}
