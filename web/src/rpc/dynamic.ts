// Calls of methods that are known by their descriptors only. All four kinds go over a WebSocket each.
import {
  type DescMessage,
  type DescMethod,
  type DescMethodStreaming,
  type Message,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type Code, ConnectError } from "@connectrpc/connect";
import { codeName, journal } from "./journal";
import { createWebSocketStream } from "./websocket";

const baseUrl = globalThis.location?.origin ?? "http://localhost";
const stream = createWebSocketStream({ baseUrl, interceptors: [journal("WebSocket")] });

export interface DynamicCall {
  readonly method: DescMethod;
  /** Ending it half-closes the call. */
  readonly input: AsyncIterable<Message>;
  readonly metadata: readonly (readonly [name: string, value: string])[];
  /** null: none. */
  readonly deadlineMs: number | null;
  readonly signal: AbortSignal;
  onHeader(header: Headers): void;
  /** `size` is that of the message on the wire, in bytes. */
  onMessage(message: Message, size: number): void;
}

export interface Detail {
  /** As in `google.rpc.BadRequest`. */
  readonly type: string;
  readonly value: Uint8Array;
}

/** How a call ended: `code` 0 is OK. */
export interface Outcome {
  readonly code: number;
  readonly message: string;
  readonly details: readonly Detail[];
  readonly trailer: Headers;
}

/** Makes a call and resolves when it is over, with whatever status. */
export async function callMethod(call: DynamicCall): Promise<Outcome> {
  const header = new Headers();
  try {
    for (const [name, value] of call.metadata) header.append(name, value);
    // The type asks for a streaming method; the socket takes any.
    const method = call.method as DescMethodStreaming<DescMessage, DescMessage>;
    const answer = await stream(method, call.signal, call.deadlineMs ?? undefined, header, call.input);
    call.onHeader(answer.header);
    for await (const message of answer.message) call.onMessage(message, sizeOf(call.method.output, message));
    return { code: 0, message: "", details: [], trailer: withoutStatus(answer.trailer) };
  } catch (failure) {
    const error = ConnectError.from(failure);
    const details = error.details.filter((detail): detail is Detail => "type" in detail && "value" in detail);
    return { code: error.code, message: error.rawMessage, details, trailer: withoutStatus(error.metadata) };
  }
}

/** Bytes of a message on the wire. */
export function sizeOf(schema: DescMessage, message: MessageShape<DescMessage>): number {
  return toBinary(schema, message).length;
}

/** `INVALID_ARGUMENT`; `OK` for 0. */
export function statusName(code: number): string {
  return code === 0 ? "OK" : codeName(code as Code);
}

function withoutStatus(trailer: Headers): Headers {
  const rest = new Headers(trailer);
  for (const name of ["grpc-status", "grpc-message", "grpc-status-details-bin"]) rest.delete(name);
  return rest;
}
