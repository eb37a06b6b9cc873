// The ways to the server: unary calls and finite lists over fetch as gRPC-Web, other streams over a WebSocket each.
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { journal } from "./journal";
import { createWebSocketStream } from "./websocket";

export const baseUrl = globalThis.location?.origin ?? "http://localhost";

const web = createGrpcWebTransport({ baseUrl, interceptors: [journal("gRPC-Web")], defaultTimeoutMs: 10_000 });
const stream = createWebSocketStream({ baseUrl, interceptors: [journal("WebSocket")] });

export const transport = { unary: web.unary, stream };

/** For unary calls that are made while the page is left: the browser sends them all the same. */
export const parting = createGrpcWebTransport({
  baseUrl,
  interceptors: [journal("gRPC-Web")],
  fetch: (input, init) => fetch(input, { ...init, keepalive: true }),
});
