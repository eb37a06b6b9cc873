import { computed, signal } from "@preact/signals";
import { persisted } from "../ui/persist";

/** What can be put under the map. */
export interface Offer {
  readonly name: string;
  readonly kind: "built-in" | "vector" | "picture" | "style" | "tiles";
  /** Of a PMTiles file ("vector", "picture"), of a style, or of tiles with {z}, {x} and {y}. */
  readonly url: string;
  /** HTML, or "" where nothing is known. */
  readonly attribution: string;
}

export const builtIn: Offer = { name: "Built-in", kind: "built-in", url: "", attribution: "" };

/** Those of the server in its order, then the built-in one; null before the server has said. */
export const offers = signal<readonly Offer[] | null>(null);

/** The name of the one that somebody chose here; "" for none. */
export const wish = persisted("basemap", "", (text) => text);

/** The one that is wished for, where it is there; else the first. */
export const chosen = computed<Offer | null>(() => {
  const all = offers.value;
  return all?.find(({ name }) => name === wish.value) ?? all?.[0] ?? null;
});

/** Asks the server which maps there are. Where it does not say, there is the built-in one. */
export async function loadOffers(): Promise<void> {
  let told: unknown;
  try {
    const answer = await fetch("/basemap.json");
    told = answer.ok ? await answer.json() : null;
  } catch {
    told = null;
  }
  offers.value = [...readOffers(told), builtIn];
}

/** The maps of the server's answer that the page can draw. */
export function readOffers(answer: unknown): Offer[] {
  const list = (answer as { basemaps?: Partial<Offer>[] } | null)?.basemaps ?? [];
  return list.flatMap(({ name, kind, url, attribution = "" }) =>
    name && url && kind && ["vector", "picture", "style", "tiles"].includes(kind)
      ? [{ name, kind, url, attribution }]
      : [],
  );
}
