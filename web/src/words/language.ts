// Which language and which units the page speaks.
import { computed, effect } from "@preact/signals";
import { persisted } from "../ui/persist";

export const languages = ["en", "zh"] as const;
export type Language = (typeof languages)[number];

/** What each language is called by those who speak it. */
export const ownNames: Record<Language, string> = { en: "English", zh: "简体中文" };

export const unitSystems = ["km", "mi"] as const;
export type Units = (typeof unitSystems)[number];

/** What the visitor reads, the most liked first. */
const wanted: readonly string[] = globalThis.navigator?.languages ?? [];
const speaks = (language: Language) => (tag: string) => tag.toLowerCase().split("-")[0] === language;

/** The first of the visitor's languages that the page speaks, until somebody chooses. */
export const language = persisted<Language>(
  "language",
  wanted.map((tag) => languages.find((known) => speaks(known)(tag))).find((known) => known !== undefined) ?? "en",
  (text) => languages.find((known) => known === text) ?? null,
);

/** How dates and numbers are written: as in the visitor's country, where its language is the one that is spoken. */
export const locale = computed(
  () => wanted.find(speaks(language.value)) ?? { en: "en-GB", zh: "zh-Hans" }[language.value],
);

/** Where roads are signposted in miles. */
const inMiles = ["US", "GB", "LR", "MM"];

export const units = persisted<Units>(
  "units",
  inMiles.includes(new Intl.Locale(wanted[0] ?? "en").region ?? "") ? "mi" : "km",
  (text) => unitSystems.find((known) => known === text) ?? null,
);

/** Keeps the document in the chosen language. */
export function applyLanguage(): void {
  effect(() => {
    document.documentElement.lang = { en: "en", zh: "zh-Hans" }[language.value];
  });
}
