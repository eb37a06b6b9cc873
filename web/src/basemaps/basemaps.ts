import { effect, signal } from "@preact/signals";
import type { Shade } from "../map/basemap";
import { say } from "../state";
import { shade } from "../ui/theme";
import type { Base } from "./base";
import { builtInBase } from "./built-in";
import { chosen, loadOffers, type Offer } from "./offers";
import { styleBase, tilesBase } from "./remote";
import { words } from "./words";

/** What is to lie under the map: the chosen one, or the built-in one when that cannot be loaded. */
export const base = signal<Base | null>(null);

/** Keeps `base` what is chosen, in the page's shade. */
export function startBasemaps(): void {
  void loadOffers();
  let turn = 0;
  effect(() => {
    const offer = chosen.value;
    const inShade = shade.value;
    const mine = ++turn;
    if (!offer) return;
    make(offer, inShade).then(
      (made) => {
        if (mine === turn) base.value = made;
      },
      () => {
        if (mine !== turn) return;
        say(words.failed(offer.name));
        base.value = builtInBase(inShade);
      },
    );
  });
}

async function make(offer: Offer, inShade: Shade): Promise<Base> {
  switch (offer.kind) {
    case "built-in":
      return builtInBase(inShade);
    case "style":
      return styleBase(offer);
    case "tiles":
      return tilesBase(offer, inShade);
    default:
      return (await import("./archive")).archiveBase(offer, inShade);
  }
}
