import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { focusMap } from "../map/map";
import { PlaceSign } from "../places/sign";
import { consoleLink } from "../state";
import { Avatar } from "../travelers/avatar";
import { CloseIcon, CoordinatesIcon, PinIcon, SearchIcon, TownIcon } from "../ui/icons";
import type { Hit } from "./search";
import { choose, linesOf, search } from "./sources";
import { words } from "./words";

/** The search that floats over the map: a field with a list of what was found. */
export function SearchBox() {
  const input = useRef<HTMLInputElement>(null);
  const open = useSignal(false);
  const active = useSignal(0);
  /** Enter came before the answer. */
  const hurried = useSignal(false);
  const { text } = search;
  const state = search.state.value;
  const shown = useComputed(() => open.value && search.state.value.kind !== "idle").value;
  const { hits } = state;

  useSignalEffect(() => {
    const { kind, hits } = search.state.value;
    active.value = 0;
    if (kind === "loading" || !hurried.peek()) return;
    hurried.value = false;
    take(hits[0]);
  });

  function take(hit: Hit | undefined): void {
    if (!hit) return;
    choose(hit);
    leave();
  }

  function leave(): void {
    open.value = false;
    search.look("");
    input.current?.blur();
  }

  function keys(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && hits.length > 0) {
      if (shown) active.value = (active.value + step + hits.length) % hits.length;
      open.value = true;
    } else if (event.key === "Enter") {
      if (state.kind === "loading") hurried.value = true;
      else take(hits[active.value]);
    } else if (event.key === "Escape") {
      leave();
      focusMap();
    } else return;
    event.preventDefault();
  }

  if (consoleLink.value) return null;
  return (
    <search
      class="card search"
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) open.value = false;
      }}
    >
      <div class="search-field">
        <SearchIcon />
        <input
          ref={input}
          id="search"
          type="text"
          inputMode="search"
          enterKeyHint="search"
          role="combobox"
          aria-label={words.label}
          aria-controls="search-results"
          aria-expanded={shown && hits.length > 0}
          aria-autocomplete="list"
          aria-activedescendant={shown && hits.length > 0 ? `search-${active.value}` : undefined}
          placeholder={words.placeholder}
          value={text.value}
          maxLength={200}
          autocomplete="off"
          spellcheck={false}
          onFocus={() => {
            open.value = true;
          }}
          onInput={(event) => {
            open.value = true;
            hurried.value = false;
            search.look(event.currentTarget.value);
          }}
          onKeyDown={keys}
        />
        {text.value === "" ? (
          <kbd>/</kbd>
        ) : (
          <button
            type="button"
            class="icon-button small"
            aria-label={words.clear}
            onClick={() => {
              search.look("");
              input.current?.focus();
            }}
          >
            <CloseIcon />
          </button>
        )}
      </div>
      <div class="search-list" hidden={!shown}>
        <div class={state.kind === "loading" ? "progress running" : "progress"} />
        <div id="search-results" class="search-results" role="listbox" aria-label={words.results}>
          {hits.map((hit, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and handles the keys
            <div
              key={hit.key}
              id={`search-${i}`}
              class={i === active.value ? "row active" : "row"}
              role="option"
              tabIndex={-1}
              aria-selected={i === active.value}
              ref={(element) => {
                if (i === active.value && shown) element?.scrollIntoView({ block: "nearest" });
              }}
              // The field keeps the focus.
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => take(hit)}
              onPointerMove={() => {
                active.value = i;
              }}
            >
              <Result hit={hit} />
            </div>
          ))}
        </div>
        {state.kind === "failed" && <p class="search-note failed">{words.failed(state.reason)}</p>}
        {state.kind === "ready" && hits.length === 0 && (
          <p class="search-note">
            <b>{words.none(text.value.trim())}</b>
            {words.noneHint}
          </p>
        )}
        {state.kind === "loading" && hits.length === 0 && <p class="search-note">{words.searching}</p>}
      </div>
      <p class="visually-hidden" role="status">
        {shown && said(state.kind, hits.length)}
      </p>
    </search>
  );
}

function said(kind: string, count: number): string {
  return kind === "loading" ? words.searching : words.count(count);
}

function Result({ hit }: { hit: Hit }) {
  const [title, detail] = linesOf(hit);
  return (
    <>
      <Sign hit={hit} />
      <span class="row-text" title={title}>
        <span>{title}</span>
        <small>{detail}</small>
      </span>
    </>
  );
}

function Sign({ hit }: { hit: Hit }) {
  if (hit.kind === "feature" && hit.feature.category) return <PlaceSign category={hit.feature.category} size={30} />;
  if (hit.kind === "traveler") return <Avatar name={hit.name} route={hit.route} />;
  const Icon = { feature: PinIcon, town: TownIcon, coordinates: CoordinatesIcon }[hit.kind];
  return (
    <span class="search-sign" data-kind={hit.kind}>
      <Icon />
    </span>
  );
}
