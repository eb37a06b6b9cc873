import { computed, effect, signal } from "@preact/signals";
import type { Shade } from "../map/basemap";
import { theme } from "../state";

const darkSystem = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
const system = signal<Shade>(darkSystem?.matches ? "dark" : "light");
darkSystem?.addEventListener("change", (event) => {
  system.value = event.matches ? "dark" : "light";
});

/** What is to be drawn: the system's choice unless somebody chose. */
export const shade = computed<Shade>(() => (theme.value === "auto" ? system.value : theme.value));

/** Switches between light and dark; to "auto" where the system asks for the one that comes next. */
export function nextTheme(): void {
  const other = shade.value === "dark" ? "light" : "dark";
  theme.value = other === system.value ? "auto" : other;
}

/** Keeps the document in the chosen theme. */
export function applyTheme(): void {
  effect(() => {
    if (theme.value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
    document.documentElement.dataset.shade = shade.value;
  });
}
