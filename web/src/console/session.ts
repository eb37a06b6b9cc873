// One call while it is made, and after.
import { type DescMethod, fromBinary, type JsonValue, type Message, type Registry, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { signal } from "@preact/signals";
import { callMethod, type Detail, type Outcome, sizeOf } from "../rpc/dynamic";
import { Inbox } from "../rpc/inbox";
import { reflectTypes } from "../rpc/reflection";
import { FrameLog, type Passed } from "./frames";
import type { Pair } from "./metadata";

/** An error's detail for reading; null JSON where the server does not describe the type. */
export interface ReadableDetail {
  readonly type: string;
  readonly json: JsonValue | null;
  readonly size: number;
}

export interface End {
  readonly code: number;
  readonly message: string;
  readonly ms: number;
  readonly details: readonly ReadableDetail[];
  readonly trailer: readonly (readonly [string, string])[];
}

/** How often what came is shown; milliseconds. */
const SHOW_EVERY = 60;

export class Session {
  readonly method: DescMethod;
  readonly registry: Registry;
  readonly began = Date.now();
  readonly log = new FrameLog();
  /** Changes when the log has grown. */
  readonly grown = signal(0);
  /** Whether messages can be sent. */
  readonly sending = signal(true);
  /** How it ended; null while it is open. */
  readonly end = signal<End | null>(null);

  readonly #start = performance.now();
  readonly #input = new Inbox<Message>();
  readonly #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Opens the call. `over` is called once, after `end` is set. */
  constructor(
    method: DescMethod,
    registry: Registry,
    options: { metadata: readonly Pair[]; deadlineMs: number | null },
    over: (session: Session, end: End) => void,
  ) {
    this.method = method;
    this.registry = registry;
    void callMethod({
      method,
      input: this.#input,
      metadata: options.metadata.map(({ name, value }) => [name, value]),
      deadlineMs: options.deadlineMs,
      signal: this.#abort.signal,
      onHeader: (header) => this.#push({ kind: "header", fields: [...header] }),
      onMessage: (message, size) => this.#push({ kind: "received", message, size }),
    }).then(async (outcome) => {
      const end = await this.#finish(outcome);
      over(this, end);
    });
  }

  /** Throws a ConnectError when too much waits to be sent. */
  send(message: Message): void {
    this.#input.push(message);
    this.#push({ kind: "sent", message, size: sizeOf(this.method.input, message) });
  }

  halfClose(): void {
    if (!this.sending.peek()) return;
    this.sending.value = false;
    this.#input.end();
    this.#push({ kind: "half-close" });
  }

  cancel(): void {
    this.#abort.abort(new ConnectError("cancelled on this page", Code.Canceled));
  }

  async #finish(outcome: Outcome): Promise<End> {
    const ms = performance.now() - this.#start;
    this.sending.value = false;
    this.#input.end();
    const trailer = [...outcome.trailer];
    if (trailer.length > 0) this.#push({ kind: "trailer", fields: trailer });
    const details = await readable(outcome.details, this.registry);
    const end = { code: outcome.code, message: outcome.message, ms, details, trailer };
    clearTimeout(this.#timer);
    this.grown.value++;
    this.end.value = end;
    return end;
  }

  #push(frame: Passed): void {
    this.log.push(frame, performance.now() - this.#start);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.grown.value++;
    }, SHOW_EVERY);
  }
}

/** Asks the server for types that no method mentions: it knows those that it puts into its errors. */
async function readable(details: readonly Detail[], registry: Registry): Promise<ReadableDetail[]> {
  const unknown = details.map(({ type }) => type).filter((type) => !registry.getMessage(type));
  const asked = unknown.length > 0 ? await reflectTypes(unknown).catch(() => null) : null;
  return details.map(({ type, value }) => {
    const desc = registry.getMessage(type) ?? asked?.getMessage(type);
    try {
      return {
        type,
        json: desc ? toJson(desc, fromBinary(desc, value), { registry: asked ?? registry }) : null,
        size: value.length,
      };
    } catch {
      return { type, json: null, size: value.length };
    }
  });
}
