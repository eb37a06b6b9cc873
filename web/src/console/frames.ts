// Everything that went over the wire in one call, oldest first, and which of it is in sight.
import type { Message } from "@bufbuild/protobuf";

export type Passed =
  | { readonly kind: "sent" | "received"; readonly message: Message /** Bytes. */; readonly size: number }
  | { readonly kind: "header" | "trailer"; readonly fields: readonly (readonly [string, string])[] }
  | { readonly kind: "half-close" };

export type Frame = Passed & {
  /** Counts from 0 in the call; it stays when older frames are let go. */
  readonly n: number;
  /** Milliseconds since the call began. */
  readonly at: number;
};

/** Keeps the newest frames. Not a signal: whoever shows it asks for `length` again when the call says that it grew. */
export class FrameLog {
  readonly #most: number;
  #frames: Frame[] = [];
  #next = 0;
  #sent = 0;
  #received = 0;
  #bytes = 0;

  constructor(most = 100_000) {
    this.#most = most;
  }

  push(frame: Passed, at: number): void {
    this.#frames.push({ ...frame, at, n: this.#next++ });
    if (frame.kind === "sent") this.#sent++;
    if (frame.kind === "received") this.#received++;
    if (frame.kind === "sent" || frame.kind === "received") this.#bytes += frame.size;
    // Cut rarely and then a lot, since each cut copies all that stays.
    if (this.#frames.length >= this.#most * 1.25) this.#frames = this.#frames.slice(-this.#most);
  }

  get length(): number {
    return this.#frames.length;
  }

  /** Frames that were let go. */
  get dropped(): number {
    return this.#next - this.#frames.length;
  }

  get counts(): { readonly sent: number; readonly received: number; readonly bytes: number } {
    return { sent: this.#sent, received: this.#received, bytes: this.#bytes };
  }

  slice(from: number, to: number): readonly Frame[] {
    return this.#frames.slice(from, to);
  }

  /** The newest of a kind. */
  last(kind: Frame["kind"]): Frame | undefined {
    return this.#frames.findLast((frame) => frame.kind === kind);
  }
}

export interface Slice {
  readonly from: number;
  readonly to: number;
  /** Where the first of them begins, and how high all rows are; pixels. */
  readonly offset: number;
  readonly total: number;
}

/**
 * Which rows are in sight. All have the same height; `extra` says by index how much a row has on top of that. `top` is how
 * far the list is scrolled, `height` how much of it is seen.
 */
export function rowsInSight(
  count: number,
  row: number,
  extra: ReadonlyMap<number, number>,
  top: number,
  height: number,
): Slice {
  const more = [...extra].filter(([i]) => i < count).toSorted(([a], [b]) => a - b);
  const total = count * row + more.reduce((sum, [, h]) => sum + h, 0);
  const startOf = (i: number) => i * row + more.reduce((sum, [at, h]) => (at < i ? sum + h : sum), 0);
  let [low, high] = [0, Math.max(0, count - 1)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (startOf(middle) <= top) low = middle;
    else high = middle - 1;
  }
  const spare = 4;
  const from = Math.max(0, low - spare);
  let to = low;
  while (to < count && startOf(to) < top + height) to++;
  return { from, to: Math.min(count, to + spare), offset: startOf(from), total };
}
