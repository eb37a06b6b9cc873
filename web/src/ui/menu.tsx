import type { Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { knocks } from "../chat/knock";
import { words as chatWords } from "../chat/words";
import { developer, openConsole, theme, themes, traveler } from "../state";
import { language, languages, units } from "../words/language";
import { type DialogName, dialog } from "./dialogs";
import { BookIcon, InfoIcon, KeyboardIcon, MoreIcon, TerminalIcon } from "./icons";
import { words } from "./words";

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
        <Choice name="theme" legend={words.theme} of={themes} labels={words.themes} value={theme} />
        <label class="toggle">
          <input
            type="checkbox"
            checked={knocks.value}
            onChange={(event) => {
              knocks.value = event.currentTarget.checked;
            }}
          />
          <span>{chatWords.knock}</span>
        </label>
        <Choice name="language" legend={words.language} of={languages} labels={languageNames} value={language} />
        <Choice name="units" legend={words.units} of={["km", "mi"]} labels={words.unitNames} value={units} />
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

/** Each language in itself, for those who read no other. */
const languageNames = { en: "English", zh: "简体中文" } as const;

interface ChoiceProps<T extends string> {
  readonly name: string;
  readonly legend: string;
  readonly of: readonly T[];
  readonly labels: Readonly<Record<T, string>>;
  readonly value: Signal<T>;
}

/** One of a few, beside each other. */
function Choice<T extends string>({ name, legend, of, labels, value }: ChoiceProps<T>) {
  return (
    <fieldset class="segments">
      <legend>{legend}</legend>
      <div>
        {of.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name={name}
              checked={value.value === one}
              onChange={() => {
                value.value = one;
              }}
            />
            <span>{labels[one]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
