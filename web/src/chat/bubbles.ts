// The bubbles over the places with notes: who wrote the newest one, and its first words. They are elements, so that every
// script and sign is as the browser has it, and few, so that the map stays quick. The list beside the map says the same to
// those who do not see it or have no pointer.
import { pointKey } from "../geo";
import { attach } from "../map/map";
import { colorOf } from "../travelers/person";
import type { Group } from "./arrange";
import type { NotePlace } from "./nearby";
import { words } from "./words";

/** Letters of a note that a bubble has at the most; what does not fit is cut by the browser. */
const FIRST_WORDS = 80;

interface Bubble {
  readonly element: HTMLElement;
  readonly takeOff: () => void;
}

export class Bubbles {
  readonly #onChoose: (place: NotePlace) => boolean;
  #shown = new Map<string, Bubble>();

  /** `onChoose` is told of a click on a bubble; false leaves the click to the map. */
  constructor(onChoose: (place: NotePlace) => boolean) {
    this.#onChoose = onChoose;
  }

  /** Shows these, and leaves alone those that are there already. */
  show(groups: readonly Group[], isNew: (place: NotePlace) => boolean): void {
    const before = this.#shown;
    this.#shown = new Map();
    for (const { place, places, said } of groups) {
      if (!said) continue;
      const key = `${pointKey(place.point)} ${place.newest.id} ${places}`;
      const bubble = before.get(key) ?? this.#make(place, places);
      before.delete(key);
      bubble.element.classList.toggle("new", isNew(place));
      this.#shown.set(key, bubble);
    }
    for (const { takeOff } of before.values()) takeOff();
  }

  #make(place: NotePlace, places: number): Bubble {
    const { traveler, message } = place.newest;
    const element = document.createElement("div");
    element.className = places > 1 ? "map-note many" : "map-note";
    element.ariaHidden = "true";
    const box = document.createElement("p");
    const name = document.createElement("b");
    name.textContent = traveler || words.someone;
    if (traveler) name.style.setProperty("--person", colorOf(traveler, ""));
    const line = document.createElement("span");
    line.append(name, ` ${message.slice(0, FIRST_WORDS).replaceAll(/\s+/g, " ")}`);
    box.append(line);
    element.append(box);
    element.addEventListener("click", (event) => {
      if (this.#onChoose(place)) event.stopPropagation();
    });
    return { element, takeOff: attach(place.point, element) };
  }
}
