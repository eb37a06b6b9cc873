// All that the page says to people, a section for each room: `import { chat as words } from "../words/words"`.
// A text that is read while a component renders follows the chosen language.
import { en } from "./en";
import { language } from "./language";
import { zh } from "./zh";

export type Words = typeof en;

const all: Record<typeof language.value, Words> = { en, zh };

function section<Name extends keyof Words>(name: Name): Words[Name] {
  return new Proxy(en[name], {
    get: (_, key) => Reflect.get(all[language.value][name], key),
  });
}

export const basemaps = section("basemaps");
export const chat = section("chat");
export const features = section("features");
export const map = section("map");
export const phones = section("phones");
export const places = section("places");
export const record = section("record");
export const routes = section("routes");
export const rpc = section("rpc");
export const search = section("search");
export const travelers = section("travelers");
export const ui = section("ui");
