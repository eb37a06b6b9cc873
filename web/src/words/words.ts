import { en, type Words } from "./en";
import { type Language, language } from "./language";
import { zh } from "./zh";

const all: Record<Language, Words> = { en, zh };

/**
 * What one room says, in the language of the moment: whoever reads a text while drawing is drawn again when the language
 * changes.
 */
export function wordsOf<Room extends keyof Words>(room: Room): Words[Room] {
  return new Proxy(en[room], {
    get: (_, key) => Reflect.get(all[language.value][room], key),
  });
}
