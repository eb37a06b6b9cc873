import { useRef } from "preact/hooks";
import { developer, openConsole, theme, themes, traveler } from "../state";
import { type DialogName, dialog } from "./dialogs";
import { BookIcon, InfoIcon, KeyboardIcon, MoreIcon, TerminalIcon } from "./icons";

const names = { auto: "System", light: "Light", dark: "Dark" } as const;

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
        aria-label="Menu"
        title="Menu"
        onClick={() => {
          box.current?.togglePopover();
          place();
        }}
      >
        <MoreIcon />
      </button>
      <div ref={box} popover="auto" class="card menu" role="dialog" aria-label="Menu">
        <label class="menu-name">
          <span>Your name</span>
          <input
            class="field"
            maxLength={64}
            placeholder="Anonymous"
            autocomplete="nickname"
            value={traveler.value}
            onChange={(event) => {
              traveler.value = event.currentTarget.value.trim();
            }}
          />
        </label>
        <fieldset class="segments">
          <legend>Theme</legend>
          <div>
            {themes.map((name) => (
              <label key={name}>
                <input
                  type="radio"
                  name="theme"
                  checked={theme.value === name}
                  onChange={() => {
                    theme.value = name;
                  }}
                />
                <span>{names[name]}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <label class="toggle">
          <input
            type="checkbox"
            checked={developer.value}
            onChange={(event) => {
              developer.value = event.currentTarget.checked;
            }}
          />
          <span>Developer: calls and times</span>
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
              <TerminalIcon /> Console <kbd>c</kbd>
            </button>
          </li>
          <li>
            <button type="button" onClick={() => open("help")}>
              <KeyboardIcon /> Keyboard <kbd>?</kbd>
            </button>
          </li>
          <li>
            <a href="/openapi/">
              <BookIcon /> REST interface
            </a>
          </li>
          <li>
            <button type="button" onClick={() => open("about")}>
              <InfoIcon /> About
            </button>
          </li>
        </ul>
      </div>
    </>
  );
}
