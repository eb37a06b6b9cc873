import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PointSchema, RouteGuide, RouteNoteSchema, RouteSummarySchema } from "../gen/routeguide/route_guide_pb";
import { type ServerCall, TestServer } from "../testing/server";
import { until } from "../testing/until";
import { createWebSocketStream } from "./websocket";

function clientOf(handler: (call: ServerCall) => void) {
  const server = new TestServer(handler);
  vi.stubGlobal("WebSocket", server.socketClass());
  const noUnary: Transport["unary"] = () => Promise.reject(new Error("not a stream"));
  const client = createClient(RouteGuide, {
    unary: noUnary,
    stream: createWebSocketStream({ baseUrl: "http://map.test" }),
  });
  return { server, client };
}

async function* each<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => Promise.reject(new Error("the call went well")),
    (failure) => ConnectError.from(failure),
  );
}

async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a client stream", () => {
  test("sends header fields, messages and the half-close, and resolves with the answer", async () => {
    const latitudes: number[] = [];
    let headers = new Headers();
    const { server, client } = clientOf((call) => {
      headers = call.headers;
      call.decode(PointSchema, (p) => latitudes.push(p.latitude));
      call.onHalfClose = () => {
        call.header({ "route-id": "r1" });
        call.send(RouteSummarySchema, { pointCount: latitudes.length });
        call.end();
      };
    });
    const summary = await client.recordRoute(each({ latitude: 1 }, { latitude: -2 }, { latitude: 900_000_000 }), {
      headers: { traveler: "Ada" },
      timeoutMs: 5000,
    });
    expect(summary.pointCount).toBe(3);
    expect(latitudes).toEqual([1, -2, 900_000_000]);
    expect(headers.get("traveler")).toBe("Ada");
    expect(headers.get("grpc-timeout")).toBe("5000m");
    expect(headers.get("content-type")).toBe("application/grpc-web+proto");
    expect(server.attempts).toBe(1);
  });

  test("learns the header fields before it has sent a message", async () => {
    const { client } = clientOf((call) => {
      call.header({ "route-points": "7" });
      call.decode(PointSchema, (p) => {
        call.send(RouteSummarySchema, { pointCount: p.latitude });
        call.end();
      });
    });
    let tell: (points: number) => void;
    const told = new Promise<number>((resolve) => {
      tell = resolve;
    });
    async function* points() {
      yield { latitude: await told };
    }
    const summary = await client.recordRoute(points(), { onHeader: (h) => tell(Number(h.get("route-points"))) });
    expect(summary.pointCount).toBe(7);
  });

  test("fails with the status of the trailers, however the socket closes", async () => {
    const { client } = clientOf((call) => {
      call.onMessage = () => call.end(Code.InvalidArgument, "latitude: 91° is too far north");
    });
    const failure = await failureOf(client.recordRoute(each({ latitude: 1 })));
    expect(failure.code).toBe(Code.InvalidArgument);
    expect(failure.rawMessage).toBe("latitude: 91° is too far north");
  });

  test("waits with the next message until the socket has room", async () => {
    const { client } = clientOf((call) => {
      let count = 0;
      call.onMessage = () => {
        if (++count === 1) call.socket.bufferedAmount = 300 * 1024;
      };
      call.onHalfClose = () => {
        call.send(RouteSummarySchema, { pointCount: count });
        call.end();
      };
      room = () => {
        call.socket.bufferedAmount = 0;
      };
      received = () => count;
    });
    let room = () => {};
    let received = () => 0;
    let asked = 0;
    async function* points() {
      for (; asked < 5; asked++) {
        yield { latitude: asked };
        // The server has the message before the next one is asked for.
        await until(() => received() > asked);
      }
    }
    const summary = client.recordRoute(points());
    await until(() => asked === 1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(received()).toBe(1);
    room();
    await vi.advanceTimersByTimeAsync(1000);
    expect((await summary).pointCount).toBe(5);
  });

  test("fails with the error of what was to be sent", async () => {
    const { server, client } = clientOf((call) => call.header({}));
    async function* points() {
      yield { latitude: 1 };
      throw new ConnectError("out of points", Code.DataLoss);
    }
    expect((await failureOf(client.recordRoute(points()))).code).toBe(Code.DataLoss);
    await until(() => server.calls("RecordRoute").length === 0);
  });
});

describe("a stream both ways", () => {
  test("gives out messages while the client is still sending", async () => {
    const { client } = clientOf((call) => {
      call.decode(RouteNoteSchema, (note) => call.send(RouteNoteSchema, { message: note.message.toUpperCase() }));
      call.onHalfClose = () => call.end();
    });
    let answered: () => void = () => {};
    async function* notes() {
      for (const message of ["one", "two"]) {
        const answer = new Promise<void>((resolve) => {
          answered = resolve;
        });
        yield { message };
        await answer;
      }
    }
    const seen: string[] = [];
    for await (const note of client.routeChat(notes())) {
      seen.push(note.message);
      answered();
    }
    expect(seen).toEqual(["ONE", "TWO"]);
  });

  test("gives out what came before the error, then the error", async () => {
    const { client } = clientOf((call) => {
      for (const message of ["a", "b"]) call.send(RouteNoteSchema, { message });
      call.end(Code.ResourceExhausted, "too slow");
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const note of client.routeChat(each({ message: "x" }))) seen.push(note.message);
    })();
    expect((await failureOf(reading)).code).toBe(Code.ResourceExhausted);
    expect(seen).toEqual(["a", "b"]);
  });
});

describe("a connection", () => {
  test("that cannot be made is UNAVAILABLE", async () => {
    const { server, client } = clientOf(() => {});
    server.kill();
    expect((await failureOf(client.recordRoute(each({})))).code).toBe(Code.Unavailable);
  });

  test("that breaks without trailers is UNAVAILABLE", async () => {
    const { server, client } = clientOf((call) => call.send(RouteNoteSchema, { message: "half" }));
    const failure = failureOf(collect(client.routeChat(each({ message: "x" }))));
    await until(() => server.calls("RouteChat").length === 1);
    server.kill();
    expect((await failure).code).toBe(Code.Unavailable);
  });

  test("that is never answered is given up", async () => {
    class Silent {
      close() {}
    }
    vi.stubGlobal("WebSocket", Silent);
    const stream = createWebSocketStream({ baseUrl: "http://map.test" });
    const client = createClient(RouteGuide, { unary: () => Promise.reject(new Error("not a stream")), stream });
    const failure = failureOf(client.recordRoute(each({})));
    await vi.advanceTimersByTimeAsync(10_001);
    expect((await failure).code).toBe(Code.Unavailable);
  });

  test("ends when the caller aborts, and the server sees it", async () => {
    const { server, client } = clientOf((call) => call.header({}));
    const control = new AbortController();
    const failure = failureOf(collect(client.routeChat(each({ message: "x" }), { signal: control.signal })));
    await until(() => server.calls("RouteChat").length === 1);
    control.abort();
    expect((await failure).code).toBe(Code.Canceled);
    await until(() => server.calls("RouteChat").length === 0);
  });

  test("ends at the deadline", async () => {
    const { server, client } = clientOf((call) => call.header({}));
    const failure = failureOf(client.recordRoute(each({}), { timeoutMs: 400 }));
    await vi.advanceTimersByTimeAsync(401);
    expect((await failure).code).toBe(Code.DeadlineExceeded);
    await until(() => server.calls("RecordRoute").length === 0);
  });

  test("is refused an answer that is no protocol", async () => {
    const { client } = clientOf((call) => call.socket.deliver(new Uint8Array([0, 255, 255, 255, 255, 1])));
    expect((await failureOf(client.recordRoute(each({})))).code).toBe(Code.ResourceExhausted);
    const other = clientOf((call) => call.socket.deliver(new Uint8Array([0, 0, 0, 0, 1, 255])));
    expect((await failureOf(other.client.recordRoute(each({})))).code).not.toBe(Code.Unavailable);
  });
});
