// Files that are sent to become routes, one after another.
import { type ReadonlySignal, signal } from "@preact/signals";
import { type ImportProgress, importFile } from "../rpc/files";

export type ImportState =
  | { readonly kind: "idle" }
  /** `part` from 0 to 1. */
  | { readonly kind: "sending"; readonly name: string; readonly part: number }
  | { readonly kind: "done"; readonly progress: ImportProgress }
  | { readonly kind: "failed"; readonly name: string; readonly reason: string };

export type SendFile = typeof importFile;

export class Importing {
  readonly #state = signal<ImportState>({ kind: "idle" });
  readonly #onDone: (progress: ImportProgress) => void;
  readonly #send: SendFile;
  #call = new AbortController();

  /** `onDone` is told what the files came to; what was complete before a failure too. */
  constructor(onDone: (progress: ImportProgress) => void, send: SendFile = importFile) {
    this.#onDone = onDone;
    this.#send = send;
  }

  get state(): ReadonlySignal<ImportState> {
    return this.#state;
  }

  /** Sends files, unless others are being sent. The first that fails ends it. */
  async start(files: readonly File[]): Promise<void> {
    if (this.#state.peek().kind === "sending" || files.length === 0) return;
    this.#call = new AbortController();
    const { signal } = this.#call;
    let all: ImportProgress = { routes: [], points: 0, duplicates: 0 };
    for (const file of files) {
      const show = (part: number) => {
        this.#state.value = { kind: "sending", name: file.name, part };
      };
      show(0);
      try {
        const progress = await this.#send(file, show, signal);
        all = {
          routes: [...all.routes, ...progress.routes],
          points: all.points + progress.points,
          duplicates: all.duplicates + progress.duplicates,
        };
      } catch (failure) {
        const reason = failure instanceof Error ? failure.message : String(failure);
        this.#state.value = signal.aborted ? { kind: "idle" } : { kind: "failed", name: file.name, reason };
        this.#onDone(all);
        return;
      }
    }
    this.#state.value = { kind: "done", progress: all };
    this.#onDone(all);
  }

  /** Stops sending, or closes what was said. */
  dismiss(): void {
    this.#call.abort();
    this.#state.value = { kind: "idle" };
  }
}
