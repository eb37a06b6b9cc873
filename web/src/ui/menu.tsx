import type { Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { developer, openConsole, theme, themes, traveler } from "../state";
import { language, languages, ownNames, unitSystems, units } from "../words/language";
import { ui as words } from "../words/words";
import { type DialogName, dialog } from "./dialogs";
import { BookIcon, InfoIcon, KeyboardIcon, MoreIcon, TerminalIcon } from "./icons";

/** What is needed seldom: the name, the theme, help and documents. */
export function Menu() {
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);

  function place(): void {
    const at = button.current?.getBoundingClientRect();
    if (!box.current || !at) return;
    const below = at.bottom + box.current.offsetHeight + 16 < innerHeight;
    box.current.style.top = `${below ? at.bottom + 8 : Math.max(8, at.top - box.current.offsetHeight - 8)}px`;
    box.current.style.left = `${Math.max(8, at.right - box.current.offsetWidth)}px`;
  }

  function open(name: DialogName): void {
    box.current?.hidePopover();
    dialog.value = name;
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        class="icon-button small"
        aria-label={words.menu}
        title={words.menu}
        onClick={() => {
          box.current?.togglePopover();
          place();
        }}
      >
        <MoreIcon />
      </button>
      <div ref={box} popover="auto" class="card menu" role="dialog" aria-label={words.menu}>
        <label class="menu-name">
          <span>{words.yourName}</span>
          <input
            class="field"
            maxLength={64}
            placeholder={words.anonymous}
            autocomplete="nickname"
            value={traveler.value}
            onChange={(event) => {
              traveler.value = event.currentTarget.value.trim();
            }}
          />
        </label>
        <Segments name="theme" legend={words.theme} choice={theme} options={themes} labels={words.themes} />
        <Segments name="language" legend={words.language} choice={language} options={languages} labels={ownNames} />
        <Segments name="units" legend={words.units} choice={units} options={unitSystems} labels={words.unitSystems} />
        <label class="toggle">
          <input
            type="checkbox"
            checked={developer.value}
            onChange={(event) => {
              developer.value = event.currentTarget.checked;
            }}
          />
          <span>{words.developer}</span>
        </label>
        <ul>
          <li>
            <button
              type="button"
              onClick={() => {
                box.current?.hidePopover();
                openConsole();
              }}
            >
              <TerminalIcon /> {words.console} <kbd>c</kbd>
            </button>
          </li>
          <li>
            <button type="button" onClick={() => open("help")}>
              <KeyboardIcon /> {words.keyboard} <kbd>?</kbd>
            </button>
          </li>
          <li>
            <a href="/openapi/">
              <BookIcon /> {words.rest}
            </a>
          </li>
          <li>
            <button type="button" onClick={() => open("about")}>
              <InfoIcon /> {words.about}
            </button>
          </li>
        </ul>
      </div>
    </>
  );
}

/** One of a few to choose. */
function Segments<Option extends string>(props: {
  name: string;
  legend: string;
  choice: Signal<Option>;
  options: readonly Option[];
  labels: Record<Option, string>;
}) {
  const { choice, labels } = props;
  return (
    <fieldset class="segments">
      <legend>{props.legend}</legend>
      <div>
        {props.options.map((option) => (
          <label key={option}>
            <input
              type="radio"
              name={props.name}
              checked={choice.value === option}
              onChange={() => {
                choice.value = option;
              }}
            />
            <span>{labels[option]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
