// What the browser loads: the clients as a page uses them.

import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { grpc } from "@improbable-eng/grpc-web";
import { FetchTransport, WebsocketTransport } from "nice-grpc-web";
import { type Call, repeat } from "./calls";
import { connect } from "./connect";
import { google } from "./google";
import { improbable } from "./improbable";
import { nice } from "./nice";

const clients = {
  "improbable, fetch": (url: string) => improbable(url, grpc.FetchReadableStreamTransport({})),
  "improbable, XMLHttpRequest": (url: string) => improbable(url, grpc.XhrTransport({})),
  "improbable, WebSocket": (url: string) => improbable(url, grpc.WebsocketTransport()),
  "connect, fetch": (url: string) => connect(createGrpcWebTransport({ baseUrl: url })),
  "Google, text": (url: string) => google(url, "text"),
  "Google, binary": (url: string) => google(url, "binary"),
  "nice, fetch": (url: string) => nice(url, FetchTransport()),
  "nice, WebSocket": (url: string) => nice(url, WebsocketTransport()),
};

export type BrowserClient = keyof typeof clients;

declare global {
  var interop: (url: string, client: BrowserClient, call: Call, times: number) => Promise<Record<string, number>>;
}

globalThis.interop = (url, client, call, times) => repeat(times, call, clients[client](url), url);
