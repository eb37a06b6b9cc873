import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { grpc } from "@improbable-eng/grpc-web";
import { NodeHttpTransport } from "@improbable-eng/grpc-web-node-http-transport";
import { FetchTransport, NodeHttpTransport as NiceHttpTransport, WebsocketTransport } from "nice-grpc-web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { Server } from "../e2e/world";
import { type Call, type Caller, calls, repeat } from "./calls";
import { connect } from "./connect";
import { grpcJs } from "./grpc-js";
import { improbable } from "./improbable";
import { nice } from "./nice";

let server: Server;

beforeAll(async () => {
  Object.assign(globalThis, { WebSocket }); // which improbable's transport expects of its surroundings
  server = await Server.start();
});

afterAll(() => server?.close());

const all = Object.keys(calls) as Call[];
const overHttp: Call[] = ["GetFeature", "ListFeatures", "WatchNotes", "refused"];

describe.each<[string, (server: Server) => Caller, Call[]]>([
  ["improbable, WebSocket", ({ url }) => improbable(url, grpc.WebsocketTransport()), all],
  ["improbable, node:http", ({ url }) => improbable(url, NodeHttpTransport()), overHttp],
  ["nice, WebSocket", ({ url }) => nice(url, WebsocketTransport()), all],
  ["nice, fetch", ({ url }) => nice(url, FetchTransport()), all],
  ["nice, node:http", ({ url }) => nice(url, NiceHttpTransport()), all],
  ["connect, fetch", ({ url }) => connect(createGrpcWebTransport({ baseUrl: url })), overHttp],
  ["grpc-js", ({ grpc }) => grpcJs(grpc), all],
  ["grpc-js, gzip", ({ grpc }) => grpcJs(grpc, { "grpc.default_compression_algorithm": 2 }), all],
])("%s", (_, clientOf, known) => {
  test.each(known)("two hundred times %s", async (call) => {
    expect(await repeat(200, call, clientOf(server), server.url)).toEqual({ good: 200 });
  });
});
