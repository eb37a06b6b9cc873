// What is looked for, and what was found: places of this map, travelers, names of the basemap, coordinates.
import { ConnectError } from "@connectrpc/connect";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Point } from "../geo";
import type { MapFeature } from "../rpc/features";
import type { Town } from "./towns";

export type Hit =
  | { readonly kind: "coordinates"; readonly key: string; readonly point: Point }
  | {
      readonly kind: "traveler";
      readonly key: string;
      readonly route: string;
      readonly name: string;
      readonly point: Point;
    }
  | { readonly kind: "feature"; readonly key: string; readonly feature: MapFeature; readonly inView: boolean }
  | { readonly kind: "town"; readonly key: string; readonly town: Town };

export type SearchState =
  /** Nothing is looked for. */
  | { readonly kind: "idle"; readonly hits: readonly Hit[] }
  /** `hits` are those of the text before. */
  | { readonly kind: "loading"; readonly hits: readonly Hit[] }
  | { readonly kind: "ready"; readonly hits: readonly Hit[] }
  /** The server was not asked; what the page knows by itself is there. */
  | { readonly kind: "failed"; readonly hits: readonly Hit[]; readonly reason: string };

export interface Sources {
  /** What the page knows without asking anybody. */
  known(query: string): Hit[];
  features(query: string, signal: AbortSignal): Promise<Hit[]>;
  towns(query: string): Promise<Hit[]>;
}

/** Milliseconds that somebody types on. */
const PAUSE = 150;

/** Looks for the newest text only, after a pause. */
export class Search {
  readonly #sources: Sources;
  readonly #text = signal("");
  readonly #state = signal<SearchState>({ kind: "idle", hits: [] });
  #call = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  get text(): ReadonlySignal<string> {
    return this.#text;
  }

  get state(): ReadonlySignal<SearchState> {
    return this.#state;
  }

  look(text: string): void {
    this.#call.abort();
    clearTimeout(this.#timer);
    this.#text.value = text;
    const query = text.trim().slice(0, 200);
    if (query === "") {
      this.#state.value = { kind: "idle", hits: [] };
      return;
    }
    this.#state.value = { kind: "loading", hits: this.#state.peek().hits };
    const call = new AbortController();
    this.#call = call;
    this.#timer = setTimeout(() => void this.#find(query, call.signal), PAUSE);
  }

  async #find(query: string, signal: AbortSignal): Promise<void> {
    const [features, towns] = await Promise.allSettled([
      this.#sources.features(query, signal),
      this.#sources.towns(query),
    ]);
    if (signal.aborted) return;
    const hits = [
      ...this.#sources.known(query),
      ...(features.status === "fulfilled" ? features.value : []),
      // Without a basemap there are no towns.
      ...(towns.status === "fulfilled" ? towns.value : []),
    ];
    if (features.status === "fulfilled") this.#state.value = { kind: "ready", hits };
    else this.#state.value = { kind: "failed", hits, reason: ConnectError.from(features.reason).rawMessage };
  }
}
