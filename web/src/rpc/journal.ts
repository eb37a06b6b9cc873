// Keeps the page's list of calls, and tells from how they go whether the server is reached.
import { type DescMessage, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { type Door, endCall, openCall, progressCall } from "../state";
import { cannotNow, lost, reached } from "./connection";

/** How long counts are collected before they are shown; milliseconds. */
const SHOW_EVERY = 100;

/** One call while it runs. */
export class Entry {
  readonly #id: number;
  readonly #counts = { sent: 0, received: 0, bytes: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  /** Aborting the signal ends the entry too: as cancelled, or failed if the reason is an error of ours. */
  constructor(method: string, door: Door, signal: AbortSignal) {
    this.#id = openCall(method, door);
    signal.addEventListener("abort", () => this.end(signal.reason), { once: true });
  }

  sent(): void {
    this.#counts.sent++;
    this.#later();
  }

  /** Also says that the server is there. `messages` may be 0. */
  received(messages: number, bytes: number): void {
    reached();
    this.#counts.received += messages;
    this.#counts.bytes += bytes;
    this.#later();
  }

  /** Ends the entry; only the first end counts. */
  end(failure?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    progressCall(this.#id, this.#counts);
    if (failure === undefined) {
      reached();
      endCall(this.#id, { kind: "done" });
      return;
    }
    const error = understood(failure);
    if (error.code === Code.Canceled) endCall(this.#id, { kind: "cancelled" });
    else endCall(this.#id, { kind: "failed", code: codeName(error.code), reason: error.rawMessage });
    if (error.code === Code.Unavailable && !cannotNow(error)) lost();
    else if (error.code !== Code.Canceled && error.code !== Code.DeadlineExceeded) reached();
  }

  #later(): void {
    if (this.#over) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      progressCall(this.#id, this.#counts);
    }, SHOW_EVERY);
  }
}

/** Writes down the calls of a Connect transport. Bytes count received messages, without their envelopes. */
export function journal(door: Door): Interceptor {
  return (next) => async (request) => {
    const entry = new Entry(request.method.name, door, request.signal);
    const size = (message: Parameters<typeof toBinary<DescMessage>>[1]) =>
      toBinary<DescMessage>(request.method.output, message).length;
    try {
      if (!request.stream) {
        entry.sent();
        const response = await next(request);
        if (!response.stream) entry.received(1, size(response.message));
        entry.end();
        return response;
      }
      const response = await next({ ...request, message: each(request.message, () => entry.sent()) });
      if (!response.stream) return response;
      entry.received(0, 0);
      return { ...response, message: watched(response.message, entry, size) };
    } catch (failure) {
      entry.end(failure);
      throw understood(failure);
    }
  };
}

async function* each<T>(messages: AsyncIterable<T>, seen: (message: T) => void): AsyncGenerator<T> {
  for await (const message of messages) {
    seen(message);
    yield message;
  }
}

async function* watched<T>(messages: AsyncIterable<T>, entry: Entry, size: (message: T) => number): AsyncGenerator<T> {
  try {
    yield* each(messages, (message) => entry.received(1, size(message)));
    entry.end();
  } catch (failure) {
    entry.end(failure);
    throw understood(failure);
  }
}

/** Any failure as a ConnectError. fetch says with a TypeError that a server is not there. */
export function understood(failure: unknown): ConnectError {
  if (failure instanceof TypeError)
    return new ConnectError("the server was not reached", Code.Unavailable, undefined, undefined, failure);
  return ConnectError.from(failure);
}

/** A status as gRPC writes it: `INVALID_ARGUMENT`. */
export function codeName(code: Code): string {
  if (code === Code.Canceled) return "CANCELLED";
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
