/** Whether the map is touched rather than clicked. */
export const coarse = globalThis.matchMedia?.("(pointer: coarse)").matches ?? false;
