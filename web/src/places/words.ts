import { wordsOf } from "../words/words";

export const words = wordsOf("places");

/** A category as it is said; one of others as they wrote it. */
export function kindOf(category: string): string {
  return words.kinds[category] ?? category;
}
