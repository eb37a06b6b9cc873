// The routes that the server has, the one that was begun last first, a page at a time.
import { ConnectError } from "@connectrpc/connect";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Route, RoutePage } from "../rpc/routes";

export type CatalogState =
  | { readonly kind: "loading"; readonly routes: readonly Route[]; readonly more: boolean }
  | { readonly kind: "ready"; readonly routes: readonly Route[]; readonly more: boolean }
  | { readonly kind: "failed"; readonly routes: readonly Route[]; readonly more: boolean; readonly reason: string };

export type ListPage = (page: string, hidden: boolean, signal: AbortSignal) => Promise<RoutePage>;

export class Catalog {
  readonly #list: ListPage;
  readonly #state = signal<CatalogState>({ kind: "loading", routes: [], more: false });
  #call: AbortController | null = null;
  #hidden = false;
  #next = "";

  constructor(list: ListPage) {
    this.#list = list;
  }

  get state(): ReadonlySignal<CatalogState> {
    return this.#state;
  }

  /** Looks what is new. Pages that were read stay, as far as they are older. */
  async refresh(): Promise<void> {
    await this.#ask("", ({ routes, next }) => {
      const oldest = routes.at(-1)?.start ?? 0;
      const known = new Set(routes.map((route) => route.id));
      const older = next === "" ? [] : this.#routes.filter((r) => r.start <= oldest && !known.has(r.id));
      if (older.length === 0) this.#next = next;
      return [...routes, ...older];
    });
  }

  /** Reads the next page, unless there is none or something is being read already. */
  async more(): Promise<void> {
    if (this.#call || this.#next === "") return;
    await this.#ask(this.#next, ({ routes, next }) => {
      this.#next = next;
      const known = new Set(this.#routes.map((route) => route.id));
      return [...this.#routes, ...routes.filter((route) => !known.has(route.id))];
    });
  }

  /** Whether hidden routes are listed too; reads anew. */
  async showHidden(hidden: boolean): Promise<void> {
    this.#hidden = hidden;
    this.#next = "";
    this.#state.value = { kind: "loading", routes: [], more: false };
    await this.refresh();
  }

  /** Takes the place of what was known of a route that is listed. One that is hidden now goes, unless those are shown. */
  put(changed: Route): void {
    const list = this.#routes.map((route) => (route.id === changed.id ? changed : route));
    this.#write(list.filter((route) => this.#hidden || !route.hidden));
  }

  drop(id: string): void {
    this.#write(this.#routes.filter((route) => route.id !== id));
  }

  get #routes(): readonly Route[] {
    return this.#state.peek().routes;
  }

  #write(routes: readonly Route[]): void {
    this.#state.value = { ...this.#state.peek(), routes };
  }

  async #ask(page: string, take: (answer: RoutePage) => readonly Route[]): Promise<void> {
    this.#call?.abort();
    const call = new AbortController();
    this.#call = call;
    try {
      const answer = await this.#list(page, this.#hidden, call.signal);
      if (call.signal.aborted) return;
      const routes = take(answer);
      this.#state.value = { kind: "ready", routes, more: this.#next !== "" };
    } catch (failure) {
      if (call.signal.aborted) return;
      const { routes, more } = this.#state.peek();
      this.#state.value = { kind: "failed", routes, more, reason: ConnectError.from(failure).rawMessage };
    } finally {
      if (this.#call === call) this.#call = null;
    }
  }
}
