import { expect, test } from "vitest";
import { actionOf, shortcuts } from "./keyboard";

const press = (key: string, modifiers = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...modifiers });

test.each([
  ["1", { kind: "view", view: "travelers" }],
  ["2", { kind: "view", view: "routes" }],
  ["3", { kind: "view", view: "features" }],
  ["4", { kind: "view", view: "record" }],
  ["5", { kind: "view", view: "chat" }],
  ["c", { kind: "console" }],
  ["/", { kind: "search" }],
  ["?", { kind: "help" }],
  ["+", { kind: "zoom", levels: 1 }],
  ["=", { kind: "zoom", levels: 1 }],
  ["-", { kind: "zoom", levels: -1 }],
  ["t", { kind: "theme" }],
  ["Escape", { kind: "close" }],
  ["x", null],
])("%s", (key, action) => expect(actionOf(press(key), false)).toEqual(action));

test("nothing happens in a field or with a modifier", () => {
  expect(actionOf(press("1"), true)).toBeNull();
  for (const modifier of ["ctrlKey", "metaKey", "altKey"])
    expect(actionOf(press("t", { [modifier]: true }), false)).toBeNull();
});

test("every single key of the help does something", () => {
  const elsewhere = ["↑", "↓", "Enter", "Backspace", "Ctrl"];
  const keys = shortcuts.flatMap<string>(([keys]) => keys).filter((key) => !elsewhere.includes(key));
  const pressed = keys.map((key) => (({ "−": "-", Esc: "Escape" }) as Record<string, string>)[key] ?? key);
  expect(pressed.filter((key) => actionOf(press(key), false) === null)).toEqual([]);
});
