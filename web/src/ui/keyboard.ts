// What a key does on the whole page. Keys that belong to a field, or come with a modifier, do nothing here.
import { type View, views } from "../state";

export type Action =
  | { readonly kind: "view"; readonly view: View }
  | { readonly kind: "zoom"; readonly levels: 1 | -1 }
  | { readonly kind: "console" | "search" | "record" | "help" | "theme" | "close" };

export interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

export function actionOf(key: Key, inField: boolean): Action | null {
  if (key.ctrlKey || key.metaKey || key.altKey || inField) return null;
  switch (key.key) {
    case "1":
    case "2":
    case "3":
    case "4":
    case "5":
      return { kind: "view", view: views[Number(key.key) - 1] ?? "travelers" };
    case "c":
      return { kind: "console" };
    case "/":
      return { kind: "search" };
    case "r":
      return { kind: "record" };
    case "?":
      return { kind: "help" };
    case "+":
    case "=":
      return { kind: "zoom", levels: 1 };
    case "-":
      return { kind: "zoom", levels: -1 };
    case "t":
      return { kind: "theme" };
    case "Escape":
      return { kind: "close" };
    default:
      return null;
  }
}

/** For the help, in the order in which it is read; what each does is in the words. */
export const shortcuts = [
  [["1", "2", "3", "4", "5"], "views"],
  [["c"], "console"],
  [["/"], "search"],
  [["↑", "↓"], "walk"],
  [["Enter"], "show"],
  [["Enter", "Backspace"], "cross"],
  [["r"], "record"],
  [["Ctrl", "Enter"], "send"],
  [["+", "−"], "zoom"],
  [["t"], "theme"],
  [["Esc"], "close"],
  [["?"], "help"],
] as const;
