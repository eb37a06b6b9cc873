// How a person is shown: the same initials and colour on the map, in lists, on lines and plots.

/** Each is at least 4.5 : 1 against white letters and 3 : 1 against the land of either shade. */
export const colors = [
  "#3c67e9",
  "#d62661",
  "#26813d",
  "#8b52da",
  "#ae5b13",
  "#157c90",
  "#bd2fbd",
  "#d43232",
  "#17805d",
  "#1d72c8",
  "#876f0b",
  "#ce2496",
  "#477e20",
  "#695ee3",
  "#ab5b41",
  "#357c77",
] as const;

/** A person's colour: that of the name, or for those without one, that of the route. */
export function colorOf(name: string, route: string): string {
  const text = name.trim().toLowerCase() || route;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // Names that differ in the last letter only would have neighbouring numbers.
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return colors[(hash >>> 16) % colors.length] as string;
}

/** One or two letters for a name, as its script has them; "" for none. */
export function initialsOf(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+\p{M}*/gu) ?? [];
  const [first = "", second] = words;
  const letters = [...first];
  // Where words are not parted by spaces one sign is a syllable or a word.
  if (/^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(first)) return letters[0] ?? "";
  return ((letters[0] ?? "") + (second ? ([...second][0] ?? "") : (letters[1] ?? ""))).toLocaleUpperCase();
}
