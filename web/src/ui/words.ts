import { wordsOf } from "../words/words";

export const words = wordsOf("ui");

/** Whether the map is touched rather than clicked. */
export const coarse = globalThis.matchMedia?.("(pointer: coarse)").matches ?? false;
