// For tests: a server behind a stand-in for the browser's WebSocket. Both sides exchange the real bytes of the
// sub-protocol, the server's cut into frames of odd sizes. `kill` and `start` are those of a process.
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { trailerFlag } from "@connectrpc/connect/protocol-grpc-web";

export type Handler = (call: ServerCall) => void;

export class TestServer {
  readonly #handler: Handler;
  readonly #calls = new Set<ServerCall>();
  #running = true;
  /** How many connections were tried, also in vain. */
  attempts = 0;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  /** What takes the place of the global WebSocket. */
  socketClass(): unknown {
    const server = this;
    return class extends TestSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        server.#connect(this);
      }
    };
  }

  /** Breaks every connection; new ones fail until `start`. */
  kill(): void {
    this.#running = false;
    for (const call of this.#calls) call.socket.breakOff();
    this.#calls.clear();
  }

  start(): void {
    this.#running = true;
  }

  calls(method: string): ServerCall[] {
    return [...this.#calls].filter((call) => call.method === method);
  }

  #connect(socket: TestSocket): void {
    this.attempts++;
    queueMicrotask(() => {
      if (!this.#running) return socket.breakOff();
      const call = new ServerCall(socket);
      this.#calls.add(call);
      socket.onServerClose = () => {
        this.#calls.delete(call);
        call.onGone?.();
      };
      socket.onServerFrame = (frame) => {
        if (call.begin(frame)) this.#handler(call);
      };
      socket.accept();
    });
  }
}

/** One call as the server sees it. */
export class ServerCall {
  headers = new Headers();
  onMessage?: (bytes: Uint8Array) => void;
  onHalfClose?: () => void;
  onGone?: () => void;
  readonly socket: TestSocket;
  #begun = false;

  constructor(socket: TestSocket) {
    this.socket = socket;
  }

  get method(): string {
    return new URL(this.socket.url).pathname.split("/").at(-1) ?? "";
  }

  /** Takes a frame from the client; true for the first. */
  begin(frame: Uint8Array): boolean {
    if (!this.#begun) {
      this.#begun = true;
      for (const line of new TextDecoder().decode(frame).split("\r\n")) {
        const [name, value] = line.split(": ");
        if (name) this.headers.set(name, value ?? "");
      }
      return true;
    }
    if (frame[0] === 1 && frame.length === 1) this.onHalfClose?.();
    else this.onMessage?.(frame.subarray(6));
    return false;
  }

  header(fields: Record<string, string>): void {
    this.socket.deliver(encodeEnvelope(trailerFlag, lines(fields)));
  }

  send<T extends DescMessage>(schema: T, message: MessageInitShape<T>): void {
    this.socket.deliver(encodeEnvelope(0, toBinary(schema, create(schema, message))));
  }

  end(code: Code | 0 = 0, message = ""): void {
    const status = { "grpc-status": String(code), "grpc-message": encodeURIComponent(message) };
    this.socket.deliver(encodeEnvelope(trailerFlag, lines(status)));
    this.socket.breakOff();
  }

  decode<T extends DescMessage>(schema: T, take: (message: MessageShape<T>) => void): void {
    this.onMessage = (bytes) => take(fromBinary(schema, bytes));
  }
}

function lines(fields: Record<string, string>): Uint8Array {
  const text = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return new TextEncoder().encode(text.join(""));
}

class TestSocket {
  binaryType = "";
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;
  onServerFrame?: (frame: Uint8Array) => void;
  onServerClose?: () => void;
  readonly url: string;
  readonly protocols: string[];
  #closed = false;

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  send(frame: Uint8Array): void {
    const copy = frame.slice();
    queueMicrotask(() => !this.#closed && this.onServerFrame?.(copy));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    queueMicrotask(() => this.onServerClose?.());
  }

  accept(): void {
    if (!this.#closed) this.onopen?.();
  }

  /** Bytes for the client, in frames of 1 to 7 bytes and more. */
  deliver(bytes: Uint8Array): void {
    const first = Math.min(bytes.length, 1 + (bytes.length % 7));
    for (const part of [bytes.slice(0, first), bytes.slice(first)]) {
      queueMicrotask(() => !this.#closed && this.onmessage?.({ data: part.slice().buffer as ArrayBuffer }));
    }
  }

  /** The connection is gone for both sides, after what was delivered. */
  breakOff(): void {
    queueMicrotask(() => {
      if (this.#closed) return;
      this.#closed = true;
      this.onclose?.();
      this.onServerClose?.();
    });
  }
}
