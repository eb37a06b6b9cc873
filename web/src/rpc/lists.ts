// ListFeatures, called and decoded in a worker: the page itself is given plain arrays.
import { ConnectError } from "@connectrpc/connect";
import type { Rect } from "../geo";
import type { Place } from "../state";
import { Entry } from "./journal";

/** What a page asks a worker for. The area does not cross the antimeridian. */
export type Wish =
  | { readonly kind: "list"; readonly id: number; readonly baseUrl: string; readonly area: Rect; readonly most: number }
  | { readonly kind: "abort"; readonly id: number };

/** What the worker says of it. */
export type Tell =
  | { readonly kind: "header"; readonly id: number; readonly count: number }
  /** Latitudes and longitudes in turn. */
  | {
      readonly kind: "batch";
      readonly id: number;
      readonly positions: Int32Array;
      readonly names: string[];
      readonly bytes: number;
    }
  | { readonly kind: "end"; readonly id: number }
  | { readonly kind: "failed"; readonly id: number; readonly code: number; readonly reason: string };

/** A worker, or an end of a MessageChannel. */
export interface Port<In, Out> {
  postMessage(message: Out, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<In>) => void) | null;
}

export class Lists {
  readonly #port: Port<Tell, Wish>;
  readonly #running = new Map<number, (tell: Tell) => void>();
  #last = 0;

  constructor(port: Port<Tell, Wish>) {
    this.#port = port;
    port.onmessage = ({ data }) => this.#running.get(data.id)?.(data);
  }

  /**
   * Lists the features of an area, many at a time and in the server's order, unless there are more than `most`. Resolves
   * with how many there are; rejects with a ConnectError.
   */
  list(
    baseUrl: string,
    area: Rect,
    most: number,
    onBatch: (batch: Place[]) => void,
    signal: AbortSignal,
  ): Promise<number> {
    const id = ++this.#last;
    const entry = new Entry("ListFeatures", "gRPC-Web", signal);
    let count = 0;
    return new Promise<number>((resolve, reject) => {
      const over = (failure?: unknown) => {
        this.#running.delete(id);
        entry.end(failure);
        if (failure === undefined) resolve(count);
        else reject(ConnectError.from(failure));
      };
      const abort = () => {
        if (!this.#running.has(id)) return;
        this.#port.postMessage({ kind: "abort", id }, []);
        over(signal.reason);
      };
      this.#running.set(id, (tell) => {
        if (tell.kind === "header") ({ count } = tell);
        else if (tell.kind === "end") over();
        else if (tell.kind === "failed") over(new ConnectError(tell.reason, tell.code));
        else {
          entry.received(tell.names.length, tell.bytes);
          if (tell.names.length > 0) onBatch(placesOf(tell));
        }
      });
      if (signal.aborted) return over(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#port.postMessage({ kind: "list", id, baseUrl, area, most }, []);
      entry.sent();
    });
  }
}

function placesOf({ names, positions }: Tell & { kind: "batch" }): Place[] {
  return names.map((name, i) => ({ name, point: { lat: positions[2 * i] ?? 0, lng: positions[2 * i + 1] ?? 0 } }));
}
