import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { afterEach, expect, test } from "vitest";
import { FeatureSchema, RouteGuide } from "../gen/routeguide/route_guide_pb";
import { calls, connection, type Place } from "../state";
import { Lists } from "./lists";
import { serveLists } from "./lists-served";

let server: Server | undefined;
const ports: MessagePort[] = [];

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const feature = (name: string) => encodeEnvelope(0, toBinary(FeatureSchema, create(FeatureSchema, { name })));
const trailer = (fields: Record<string, string>) => encodeEnvelope(trailerFlag, trailerSerialize(new Headers(fields)));
const headers = { "content-type": "application/grpc-web+proto", "feature-count": "5000" };
const area = { south: 1, west: 2, north: 3, east: 4 };
const corners = { lo: { latitude: 1, longitude: 2 }, hi: { latitude: 3, longitude: 4 } };

function list(url: string, signal = new AbortController().signal): { batches: string[][]; done: Promise<number> } {
  const batches: string[][] = [];
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  serveLists(port2 as Parameters<typeof serveLists>[0]);
  const lists = new Lists(port1 as ConstructorParameters<typeof Lists>[0]);
  const take = (batch: Place[]) => batches.push(batch.map((f) => f.name));
  return { batches, done: lists.list(url, area, 5000, take, signal) };
}

async function codeOf(call: Promise<number>): Promise<Code> {
  return call.then(
    () => Promise.reject(new Error("the call went well")),
    (error) => ConnectError.from(error).code,
  );
}

test("messages come in the server's order, those of a network read at once", async () => {
  const names = Array.from({ length: 5000 }, (_, i) => `feature ${i}`);
  const body = Buffer.concat([...names.map(feature), trailer({ "grpc-status": "0" })]);
  const url = await serve((_, response) => {
    response.writeHead(200, headers);
    for (let at = 0; at < body.length; at += 9973) response.write(body.subarray(at, at + 9973));
    response.end();
  });
  const { batches, done } = list(url);
  expect(await done).toBe(5000);
  expect(batches.flat()).toEqual(names);
  expect(batches.length).toBeLessThan(names.length / 10);
  expect(calls.value[0]).toMatchObject({
    ...{
      method: "ListFeatures",
      door: "gRPC-Web",
      sent: 1,
      received: 5000,
      bytes: body.length,
      state: { kind: "done" },
    },
  });
  expect(connection.value.kind).toBe("live");
});

test("the request is one envelope with the message", async () => {
  let seen: object | undefined;
  const url = await serve(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    seen = {
      path: request.url,
      type: request.headers["content-type"],
      most: request.headers["features-at-most"],
      body,
    };
    response.writeHead(200, headers).end(trailer({ "grpc-status": "0" }));
  });
  await list(url).done;
  const message = toBinary(RouteGuide.method.listFeatures.input, create(RouteGuide.method.listFeatures.input, corners));
  expect(seen).toEqual({
    path: "/routeguide.RouteGuide/ListFeatures",
    type: "application/grpc-web+proto",
    most: "5000",
    body: Buffer.from(encodeEnvelope(0, message)),
  });
});

test.each([
  [
    "in the trailers",
    Code.ResourceExhausted,
    [feature("a"), trailer({ "grpc-status": "8", "grpc-message": "slow" })],
    200,
    {},
  ],
  ["in the headers alone", Code.InvalidArgument, [], 200, { "grpc-status": "3", "grpc-message": "lo%20is%20missing" }],
  ["of HTTP", Code.Unavailable, [], 503, {}],
])("a status %s is the call's", async (_, code, body, status, more) => {
  const url = await serve((_, response) => {
    response.writeHead(status, { ...headers, ...more });
    response.end(Buffer.concat(body));
  });
  expect(await codeOf(list(url).done)).toBe(code);
});

test("an answer without trailers is UNAVAILABLE; what came before was handed over", async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, headers).end(feature("a"));
  });
  const { batches, done } = list(url);
  expect(await codeOf(done)).toBe(Code.Unavailable);
  expect(batches).toEqual([["a"]]);
});

test("a server that is not there is UNAVAILABLE, and the page reconnects", async () => {
  const url = await serve(() => {});
  await new Promise((resolve) => server?.close(resolve));
  expect(await codeOf(list(url).done)).toBe(Code.Unavailable);
  expect(connection.value.kind).toBe("reconnecting");
  expect(calls.value[0]?.state).toMatchObject({
    kind: "failed",
    code: "UNAVAILABLE",
    reason: "the server was not reached",
  });
});

test("a list that is no longer wanted ends, as cancelled", async () => {
  const control = new AbortController();
  let gone: Promise<void> | undefined;
  const url = await serve((request, response) => {
    gone = new Promise((resolve) => request.once("close", resolve));
    response.writeHead(200, headers).write(feature("a"));
  });
  const { batches, done } = list(url, control.signal);
  const failure = codeOf(done);
  await expect.poll(() => batches.length).toBe(1);
  control.abort();
  expect(await failure).toBe(Code.Canceled);
  expect(calls.value[0]?.state.kind).toBe("cancelled");
  await gone;
});
