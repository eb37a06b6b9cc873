// Deleting with second thoughts: what is deleted is gone from the lists at once, and from the server when nobody wants it
// back.
import { type ReadonlySignal, signal } from "@preact/signals";

/** Milliseconds in which it can be taken back. */
const TIME = 8000;

export interface Regret {
  readonly id: string;
  /** What is called so was deleted. */
  readonly title: string;
}

export class Deletion {
  readonly #delete: (id: string) => Promise<void>;
  readonly #onFailure: (id: string, failure: unknown) => void;
  readonly #pending = signal<Regret | null>(null);
  readonly #gone = signal<ReadonlySet<string>>(new Set());
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(remove: (id: string) => Promise<void>, onFailure: (id: string, failure: unknown) => void) {
    this.#delete = remove;
    this.#onFailure = onFailure;
  }

  /** What can be taken back. */
  get pending(): ReadonlySignal<Regret | null> {
    return this.#pending;
  }

  /** What is to be shown no more. */
  get gone(): ReadonlySignal<ReadonlySet<string>> {
    return this.#gone;
  }

  /** Deletes it soon, and now what was to be deleted before. */
  later(id: string, title: string): void {
    this.now();
    this.#pending.value = { id, title };
    this.#gone.value = new Set([...this.#gone.peek(), id]);
    this.#timer = setTimeout(() => this.now(), TIME);
  }

  undo(): void {
    const pending = this.#pending.peek();
    if (pending) this.#forget(pending.id);
  }

  /** Deletes at once what waits. Call it when the page is left, too. */
  now(): void {
    const pending = this.#pending.peek();
    if (!pending) return;
    clearTimeout(this.#timer);
    this.#pending.value = null;
    this.#delete(pending.id).catch((failure) => {
      this.#forget(pending.id);
      this.#onFailure(pending.id, failure);
    });
  }

  #forget(id: string): void {
    if (this.#pending.peek()?.id === id) {
      clearTimeout(this.#timer);
      this.#pending.value = null;
    }
    this.#gone.value = new Set([...this.#gone.peek()].filter((other) => other !== id));
  }
}

/** Has what waits deleted when the page is left: nobody comes back to a hidden page in time. */
export function deleteOnLeave(deletion: Deletion): void {
  addEventListener("pagehide", () => deletion.now());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") deletion.now();
  });
}
