import { effect } from "@preact/signals";
import { beforeEach, describe, expect, test } from "vitest";
import { addWaypoint, type Call, calls, endCall, notice, openCall, progressCall, say, waypoints } from "./state";

describe("the calls", () => {
  beforeEach(() => {
    calls.value = [];
  });

  test("are written down newest first, with what became of them", () => {
    const list = openCall("ListFeatures", "gRPC-Web", 1000);
    const chat = openCall("RouteChat", "WebSocket", 2000);
    progressCall(list, { sent: 1, received: 100, bytes: 4700 });
    endCall(list, { kind: "done" }, 1014);
    endCall(chat, { kind: "failed", code: "UNAVAILABLE", reason: "gone" }, 2500);
    expect(calls.value).toEqual([
      expect.objectContaining({
        method: "RouteChat",
        state: { kind: "failed", ms: 500, code: "UNAVAILABLE", reason: "gone" },
      }),
      expect.objectContaining({ received: 100, bytes: 4700, state: { kind: "done", ms: 14 } }),
    ]);
  });

  test("are forgotten from the oldest on, but for those that are open", () => {
    const open = openCall("WatchNotes", "WebSocket");
    for (let i = 0; i < 60; i++) endCall(openCall("GetFeature", "gRPC-Web"), { kind: "done" });
    expect(calls.value).toHaveLength(51);
    expect((calls.value.at(-1) as Call).id).toBe(open);
  });

  test("may be written inside an effect that does not follow them", () => {
    let runs = 0;
    const stop = effect(() => {
      runs++;
      endCall(openCall("GetFeature", "gRPC-Web"), { kind: "done" });
    });
    openCall("ListFeatures", "gRPC-Web");
    stop();
    expect(runs).toBe(1);
  });
});

test("a stop is not repeated at once, but may come again later", () => {
  const [a, b] = [
    { point: { lat: 1, lng: 2 }, name: "a" },
    { point: { lat: 3, lng: 4 }, name: "b" },
  ] as const;
  for (const stop of [a, a, b, a]) addWaypoint(stop);
  expect(waypoints.value).toEqual([a, b, a]);
});

test("the same notice twice is two notices", () => {
  say("Copied");
  const first = notice.value;
  say("Copied");
  expect(notice.value?.text).toBe("Copied");
  expect(notice.value?.id).not.toBe(first?.id);
});
