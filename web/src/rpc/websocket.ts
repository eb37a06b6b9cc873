// gRPC over a WebSocket, as the sub-protocol "grpc-websockets" has it: one socket a call. The client sends the request's
// header fields as text in a binary frame, then frames of 0x00 and an envelope for each message, then 0x01 to half-close.
// The server answers with envelopes, cut into frames anyhow: header fields, messages, trailer fields.
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type Transport,
} from "@connectrpc/connect";
import {
  createClientMethodSerializers,
  createMethodUrl,
  encodeEnvelope,
  runStreamingCall,
} from "@connectrpc/connect/protocol";
import { requestHeader, trailerFlag, trailerParse, validateTrailer } from "@connectrpc/connect/protocol-grpc-web";
import { EnvelopeReader } from "./envelope";
import { Inbox } from "./inbox";

export interface WebSocketOptions {
  /** Where the server is, as an http or https address. */
  readonly baseUrl: string;
  readonly interceptors?: Interceptor[];
}

/** Bytes that may wait in the socket before the next message is asked for. */
const HIGH_WATER = 256 * 1024;
const HANDSHAKE_MS = 10_000;
const HALF_CLOSE = new Uint8Array([1]);

/**
 * The half of a Connect transport that carries streams: client streams and bidirectional ones too, which fetch cannot.
 *
 * It resolves as soon as the server's header fields are there, so a client learns them before the first message. How a
 * call ended is what the trailers say; a socket that closes without them was UNAVAILABLE.
 */
export function createWebSocketStream(options: WebSocketOptions): Transport["stream"] {
  return (method, signal, timeoutMs, header, input, contextValues) =>
    runStreamingCall({
      ...(options.interceptors && { interceptors: options.interceptors }),
      ...(signal && { signal }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      req: {
        stream: true,
        service: method.parent,
        method,
        requestMethod: "POST",
        url: createMethodUrl(options.baseUrl, method),
        header: requestHeader(true, timeoutMs, header, false),
        contextValues: contextValues ?? createContextValues(),
        message: input,
      },
      next: async (request) => {
        const exchange = new Exchange(request);
        const answer = await exchange.header;
        return { ...request, header: answer, trailer: exchange.trailer, message: exchange.messages };
      },
    });
}

/** One call on one socket. */
class Exchange<I extends DescMessage, O extends DescMessage> {
  readonly header: Promise<Headers>;
  readonly trailer = new Headers();
  readonly messages = new Inbox<MessageShape<O>>();

  readonly #socket: WebSocket;
  readonly #request: StreamRequest<I, O>;
  readonly #envelopes = new EnvelopeReader();
  readonly #serialize: (message: MessageShape<I>) => Uint8Array;
  readonly #parse: (bytes: Uint8Array) => MessageShape<O>;
  #answer: { resolve: (header: Headers) => void; reject: (error: unknown) => void } | null = null;
  #over = false;

  constructor(request: StreamRequest<I, O>) {
    this.#request = request;
    const { serialize, parse } = createClientMethodSerializers(request.method, true);
    this.#serialize = serialize;
    this.#parse = parse;
    this.header = new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
    });

    this.#socket = new WebSocket(request.url.replace(/^http/, "ws"), ["grpc-websockets"]);
    this.#socket.binaryType = "arraybuffer";
    const handshake = setTimeout(() => this.#end(unavailable("the server did not answer")), HANDSHAKE_MS);
    this.#socket.onopen = () => {
      clearTimeout(handshake);
      this.#send().catch((error) => this.#end(error));
    };
    this.#socket.onmessage = (event) => {
      try {
        for (const { flags, data } of this.#envelopes.read(new Uint8Array(event.data))) this.#take(flags, data);
      } catch (error) {
        this.#end(error);
      }
    };
    this.#socket.onclose = () => {
      clearTimeout(handshake);
      this.#end(unavailable("the connection to the server was lost"));
    };
    const abort = () => this.#end(request.signal.reason);
    if (request.signal.aborted) abort();
    else request.signal.addEventListener("abort", abort, { once: true });
  }

  async #send(): Promise<void> {
    let fields = "";
    this.#request.header.forEach((value, name) => {
      fields += `${name}: ${value}\r\n`;
    });
    this.#socket.send(new TextEncoder().encode(fields));
    for await (const message of this.#request.message) {
      // A socket does not tell when it has room again, so this looks from time to time.
      while (this.#socket.bufferedAmount > HIGH_WATER && !this.#over) await new Promise((go) => setTimeout(go, 10));
      if (this.#over) return;
      const envelope = encodeEnvelope(0, this.#serialize(message));
      const frame = new Uint8Array(1 + envelope.length);
      frame.set(envelope, 1);
      this.#socket.send(frame);
    }
    if (!this.#over) this.#socket.send(HALF_CLOSE);
  }

  #take(flags: number, data: Uint8Array): void {
    if (this.#over) return;
    if ((flags & trailerFlag) === 0) {
      this.#answered(new Headers());
      this.messages.push(this.#parse(data));
      return;
    }
    const fields = trailerParse(data);
    if (this.#answer && !fields.has("grpc-status")) {
      this.#answered(fields);
      return;
    }
    fields.forEach((value, name) => {
      this.trailer.set(name, value);
    });
    validateTrailer(fields, new Headers());
    this.#end();
  }

  #answered(header: Headers): void {
    this.#answer?.resolve(header);
    this.#answer = null;
  }

  /** Ends the call once: with an error, or well. What was received before is still given out. */
  #end(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    if (error === undefined) this.#answered(new Headers());
    else this.#answer?.reject(error);
    this.#answer = null;
    this.messages.end(error);
    this.#socket.close();
  }
}

function unavailable(why: string): ConnectError {
  return new ConnectError(why, Code.Unavailable);
}
