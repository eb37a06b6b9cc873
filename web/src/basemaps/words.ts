import { wordsOf } from "../words/words";

export const words = wordsOf("basemaps");
