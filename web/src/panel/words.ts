const coarse = matchMedia("(pointer: coarse)").matches;

/** What one does to a place on the map: on a phone nobody clicks. */
export const click = coarse ? "tap" : "click";
export const clickAtFirst = coarse ? "Tap" : "Click";
