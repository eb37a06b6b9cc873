/** Whether the map is touched rather than clicked. */
export const coarse = matchMedia("(pointer: coarse)").matches;

/** What one does to choose a place on the map. */
export const click = coarse ? "tap" : "click";
export const clickAtFirst = coarse ? "Tap" : "Click";
