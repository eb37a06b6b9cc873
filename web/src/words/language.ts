// The language that people read, and the units that they measure in.
import { effect } from "@preact/signals";
import { persisted } from "../ui/persist";

export type Language = "en" | "zh";
export type Units = "km" | "mi";

export const languages: readonly Language[] = ["en", "zh"];

/** Regions whose people measure ways in miles. */
const MILES = ["US", "GB", "LR", "MM"];

const wished = globalThis.navigator?.languages ?? [];

/** The first of the browser's languages that the page has. */
export function languageOf(wished: readonly string[]): Language {
  const known = wished.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag === "en" || tag === "zh");
  return known === "zh" ? "zh" : "en";
}

/** The units of the region that the browser's language is of. */
export function unitsOf(wished: readonly string[]): Units {
  const region = wished[0]?.match(/[-_]([A-Z]{2})\b/)?.[1];
  return region && MILES.includes(region) ? "mi" : "km";
}

export const language = persisted<Language>("language", languageOf(wished), (text) =>
  text === "en" || text === "zh" ? text : null,
);

export const units = persisted<Units>("units", unitsOf(wished), (text) =>
  text === "km" || text === "mi" ? text : null,
);

/** For Intl: `zh-CN` writes 简体中文. */
export function locale(): string {
  return language.value === "zh" ? "zh-CN" : "en";
}

/** Says in the document which language it is in, from now on. */
export function followLanguage(): void {
  effect(() => {
    document.documentElement.lang = locale();
  });
}
