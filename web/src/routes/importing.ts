// Files that are sent to become routes, or features, one after another.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { SendFile } from "../rpc/files";

export type ImportState<T> =
  | { readonly kind: "idle" }
  /** `part` from 0 to 1. */
  | { readonly kind: "sending"; readonly name: string; readonly part: number }
  | { readonly kind: "done"; readonly sum: T }
  | { readonly kind: "failed"; readonly name: string; readonly reason: string };

export interface Imports<T> {
  readonly send: SendFile<T>;
  /** What no file comes to. */
  readonly nothing: T;
  add(a: T, b: T): T;
  /** Is told what the files came to; what was complete before a failure too. */
  onDone(sum: T): void;
}

export class Importing<T> {
  readonly #state = signal<ImportState<T>>({ kind: "idle" });
  readonly #imports: Imports<T>;
  #call = new AbortController();

  constructor(imports: Imports<T>) {
    this.#imports = imports;
  }

  get state(): ReadonlySignal<ImportState<T>> {
    return this.#state;
  }

  /** Sends files, unless others are being sent. The first that fails ends it. */
  async start(files: readonly File[]): Promise<void> {
    if (this.#state.peek().kind === "sending" || files.length === 0) return;
    this.#call = new AbortController();
    const { signal } = this.#call;
    const { send, nothing, add, onDone } = this.#imports;
    let sum = nothing;
    for (const file of files) {
      const show = (part: number) => {
        this.#state.value = { kind: "sending", name: file.name, part };
      };
      show(0);
      try {
        sum = add(sum, await send(file, show, signal));
      } catch (failure) {
        const reason = failure instanceof Error ? failure.message : String(failure);
        this.#state.value = signal.aborted ? { kind: "idle" } : { kind: "failed", name: file.name, reason };
        onDone(sum);
        return;
      }
    }
    this.#state.value = { kind: "done", sum };
    onDone(sum);
  }

  /** Stops sending, or closes what was said. */
  dismiss(): void {
    this.#call.abort();
    this.#state.value = { kind: "idle" };
  }
}
