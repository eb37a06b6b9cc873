// What the browser loads: the clients as a page uses them.
import { grpc } from "@improbable-eng/grpc-web";
import { FetchTransport, WebsocketTransport } from "nice-grpc-web";
import { type Call, repeat } from "./calls";
import { improbable } from "./improbable";
import { nice } from "./nice";

const clients = {
  "improbable, fetch": (url: string) => improbable(url, grpc.FetchReadableStreamTransport({})),
  "improbable, XMLHttpRequest": (url: string) => improbable(url, grpc.XhrTransport({})),
  "improbable, WebSocket": (url: string) => improbable(url, grpc.WebsocketTransport()),
  "nice, fetch": (url: string) => nice(url, FetchTransport()),
  "nice, WebSocket": (url: string) => nice(url, WebsocketTransport()),
};

export type BrowserClient = keyof typeof clients;

declare global {
  var interop: (url: string, client: BrowserClient, call: Call, times: number) => Promise<Record<string, number>>;
}

globalThis.interop = (url, client, call, times) => repeat(times, call, clients[client](url));
