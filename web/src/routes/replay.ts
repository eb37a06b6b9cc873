// A moment of the past that is looked at, and time that passes there.
import { type ReadonlySignal, signal } from "@preact/signals";

/** Seconds of the past that pass in one. */
export const paces = [1, 10, 30, 60, 120, 600, 3600] as const;

export interface Span {
  readonly start: number;
  readonly end: number;
}

export class Replay {
  /** Milliseconds since the epoch; null while nothing is looked at. */
  readonly #at = signal<number | null>(null);
  readonly #playing = signal(false);
  readonly pace = signal<number>(60);
  readonly #span: () => Span | null;

  /** `span` is asked for whenever time passes: a route that is still recorded grows. */
  constructor(span: () => Span | null) {
    this.#span = span;
  }

  get at(): ReadonlySignal<number | null> {
    return this.#at;
  }

  get playing(): ReadonlySignal<boolean> {
    return this.#playing;
  }

  /** From where it stands, or from the start when it stands at the end. */
  play(): void {
    const span = this.#span();
    if (!span) return;
    const at = this.#at.peek();
    if (at === null || at >= span.end) this.#at.value = span.start;
    this.#playing.value = true;
  }

  pause(): void {
    this.#playing.value = false;
  }

  /** Looks at a moment; those outside the span are its ends. */
  seek(time: number): void {
    const span = this.#span();
    if (span) this.#at.value = Math.min(span.end, Math.max(span.start, time));
  }

  /** So many milliseconds have passed here. It pauses at the end. */
  pass(ms: number): void {
    const span = this.#span();
    const at = this.#at.peek();
    if (!this.#playing.peek() || !span || at === null) return;
    this.seek(at + ms * this.pace.peek());
    if ((this.#at.peek() ?? 0) >= span.end) this.pause();
  }

  /** Looks at the present again. */
  stop(): void {
    this.pause();
    this.#at.value = null;
  }
}
