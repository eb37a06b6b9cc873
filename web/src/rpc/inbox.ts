import { Code, ConnectError } from "@connectrpc/connect";

/** Messages that may wait to be read. A browser's socket cannot be told to wait, so a reader slower than this is cut off. */
const MOST = 10_000;

/** What has been received and not been read, in order. One reader. */
export class Inbox<T> implements AsyncIterable<T> {
  #waiting: T[] = [];
  #ended = false;
  #error: unknown;
  #wake: (() => void) | null = null;

  /** Throws RESOURCE_EXHAUSTED when the reader is too slow. */
  push(item: T): void {
    if (this.#waiting.length >= MOST) throw new ConnectError("the page cannot keep up", Code.ResourceExhausted);
    this.#waiting.push(item);
    this.#wake?.();
  }

  /** Lets the reader have what is there, then end: with an error unless that is undefined. */
  end(error?: unknown): void {
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const batch = this.#waiting;
      this.#waiting = [];
      yield* batch;
      if (this.#waiting.length > 0) continue;
      if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return;
      }
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
      this.#wake = null;
    }
  }
}
