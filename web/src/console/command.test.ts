import { execFileSync } from "node:child_process";
import type { DescMethod, JsonValue } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { RouteGuide } from "../gen/routeguide/route_guide_pb";
import { NoteService } from "../gen/routeguide/v1/note_service_pb";
import { GCNService } from "../gen/tutorial/gcn/gcn_pb";
import { everything } from "../testing/everything";
import { methodId } from "./catalog";
import { curlOf, grpcurlOf, quote, type Request } from "./command";

function request(desc: DescMethod, rest: [verb: string, path: string] | null, ...messages: JsonValue[]): Request {
  const operation = rest && { verb: rest[0], path: rest[1], comment: "", notes: new Map() };
  return { method: { id: methodId(desc), desc, operation }, messages, metadata: [], deadlineMs: null };
}

const { getFeature, listFeatures, recordRoute, routeChat } = RouteGuide.method;
const feature: [string, string] = ["GET", "/v1/features/{latitude}/{longitude}"];
const origin = "http://map.test";

describe("a shell", () => {
  test.each([
    "",
    "plain",
    "two words",
    'it\'s $HOME `id` !! \\ "quoted"',
    "'''",
    "line\nline\r\n\ttab",
    "Zoë 東京 🗺️",
    "-n",
    "%s %d\\n",
    "*?[a]{b,c}~#;&|<>()",
  ])("takes %j as one word", (text) => {
    expect(execFileSync("sh", ["-c", `printf %s ${quote(text)}`], { encoding: "utf8" })).toBe(text);
  });
});

describe("curl", () => {
  test("puts a message into path and query", () => {
    expect(curlOf(request(getFeature, feature, { latitude: 1, longitude: -2 }), origin)).toBe(
      "curl http://map.test/v1/features/1/-2",
    );
    expect(curlOf(request(getFeature, feature, {}), origin)).toBe("curl http://map.test/v1/features/0/0");
    const area = { lo: { latitude: 1 }, hi: {} };
    expect(curlOf(request(listFeatures, ["GET", "/v1/features"], area), origin)).toBe(
      "curl -N 'http://map.test/v1/features?lo.latitude=1&hi.latitude=0'",
    );
    const notes = { pageSize: 5, page_token: "a&b 'c'" };
    expect(curlOf(request(NoteService.method.listNotes, ["GET", "/v1/notes"], notes), origin)).toBe(
      "curl 'http://map.test/v1/notes?pageSize=5&pageToken=a%26b%20'\\''c'\\'''",
    );
  });

  test("sends one body, or a line for each message of a stream", () => {
    const graph = { nodes: [{ id: "it's", features: [1] }] };
    expect(curlOf(request(GCNService.method.processGraph, ["POST", "/v1/gcn"], graph), origin)).toBe(
      `curl -H 'Content-Type: application/json' -d '{"nodes":[{"id":"it'\\''s","features":[1]}]}' http://map.test/v1/gcn`,
    );
    expect(curlOf(request(recordRoute, ["POST", "/v1/routes:record"], { latitude: 1 }, {}), origin)).toBe(
      `printf '%s\\n' '{"latitude":1}' '{}' | curl -N -X POST -H 'Content-Type: application/json' -T - http://map.test/v1/routes:record`,
    );
    expect(curlOf(request(routeChat, ["POST", "/v1/notes:chat"]), origin)).toMatch(/^printf '' \| curl -N /);
  });

  test("carries metadata and the deadline", () => {
    const call = {
      ...request(getFeature, feature, {}),
      metadata: [{ name: "traveler", value: "Zo%C3%AB" }],
      deadlineMs: 1500,
    };
    expect(curlOf(call, origin)).toBe(
      "curl -H 'Grpc-Metadata-traveler: Zo%C3%AB' -H 'Grpc-Timeout: 1500m' http://map.test/v1/features/0/0",
    );
  });

  test("cannot call what has no path, or send what fits into none", () => {
    expect(curlOf(request(getFeature, null, {}), origin)).toBeNull();
    expect(curlOf(request(getFeature, ["GET", "/v1/{nothing}"], {}), origin)).toBeNull();
    const desc = { ...getFeature, input: everything } as unknown as DescMethod;
    const get: [string, string] = ["GET", "/v1/e"];
    expect(curlOf(request(desc, get, { inners: [{ text: "a" }] }), origin)).toBeNull();
    expect(curlOf(request(desc, get, { bag: { a: 1 } }), origin)).toBeNull();
    expect(
      curlOf(request(desc, get, { numbers: [1, 2], scores: { "3": 1 }, time: "2030-01-31T12:00:00Z" }), origin),
    ).toBe("curl 'http://map.test/v1/e?numbers=1&numbers=2&scores%5B3%5D=1&time=2030-01-31T12%3A00%3A00Z'");
  });
});

test("grpcurl takes every message, metadata and the deadline", () => {
  const call = {
    ...request(routeChat, null, { message: "it's\n" }, { message: "Zoë" }),
    metadata: [{ name: "x-bin", value: "AAE=" }],
    deadlineMs: 2500,
  };
  expect(grpcurlOf(call, "map.test:50051", false)).toBe(
    `grpcurl -plaintext -H 'x-bin: AAE=' -max-time 2.5 -d '{"message":"it'\\''s\\n"}\n{"message":"Zoë"}' map.test:50051 routeguide.RouteGuide/RouteChat`,
  );
  expect(grpcurlOf(request(getFeature, null, {}), "[::1]:443", true)).toBe(
    "grpcurl -d '{}' '[::1]:443' routeguide.RouteGuide/GetFeature",
  );
});
