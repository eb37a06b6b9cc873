// A route that is shown: what is known of it, and its points as they come.
import { ConnectError } from "@connectrpc/connect";
import { type Signal, signal } from "@preact/signals";
import type { Fix } from "../record/fix";
import { type Route, readTrack, watchRoute } from "../rpc/routes";

export type Track =
  | { readonly kind: "loading"; readonly fixes: readonly Fix[] }
  /** All that there is; more comes while it is recorded. */
  | { readonly kind: "ready"; readonly fixes: readonly Fix[] }
  | { readonly kind: "failed"; readonly fixes: readonly Fix[]; readonly reason: string };

export class ShownRoute {
  readonly id: string;
  readonly route: Signal<Route>;
  readonly track = signal<Track>({ kind: "loading", fixes: [] });
  #call = new AbortController();

  /** Reads the points, and follows the route while it is recorded. */
  constructor(route: Route) {
    this.id = route.id;
    this.route = signal(route);
    void this.#read();
  }

  /** Reads again after a failure. */
  again(): void {
    this.close();
    this.#call = new AbortController();
    this.track.value = { kind: "loading", fixes: [] };
    void this.#read();
  }

  close(): void {
    this.#call.abort();
  }

  async #read(): Promise<void> {
    const { signal } = this.#call;
    let fixes: readonly Fix[] = [];
    let whole = false;
    const take = (more: Fix[]) => {
      if (signal.aborted) return;
      fixes = [...fixes, ...more];
      this.track.value = { kind: whole ? "ready" : "loading", fixes };
    };
    const all = () => {
      whole = true;
      if (!signal.aborted) this.track.value = { kind: "ready", fixes };
    };
    try {
      if (this.route.peek().state === "finished") await readTrack(this.id, take, signal);
      else {
        const onRoute = (route: Route) => {
          if (!signal.aborted) this.route.value = route;
        };
        await watchRoute({ route: this.id, onRoute, onFixes: take, onCurrent: all }, signal);
      }
      all();
    } catch (failure) {
      if (signal.aborted) return;
      this.track.value = { kind: "failed", fixes, reason: ConnectError.from(failure).rawMessage };
    }
  }
}
