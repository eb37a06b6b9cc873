import type { ComponentChild } from "preact";

/** A sentence with elements in it: they stand where it says `{0}`, `{1}` and so on. */
export function rich(text: string, ...elements: ComponentChild[]): ComponentChild[] {
  return text.split(/\{(\d)\}/).map((piece, i) => (i % 2 === 1 ? elements[Number(piece)] : piece));
}
