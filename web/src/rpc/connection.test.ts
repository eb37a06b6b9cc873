import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connection } from "../state";
import { keepCalling, lost, reached } from "./connection";

const unavailable = () => Promise.reject(new ConnectError("away", Code.Unavailable));
let control: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
  control = new AbortController();
  reached();
});

afterEach(() => {
  control.abort();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** The seconds at which a call is tried that always fails, up to so many. */
async function attemptsWithin(seconds: number, alive = false): Promise<number[]> {
  const began = Date.now();
  const attempts: number[] = [];
  const call = keepCalling((_, isAlive) => {
    attempts.push((Date.now() - began) / 1000);
    if (alive) isAlive();
    return unavailable();
  }, control.signal);
  call.catch(() => {});
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  return attempts;
}

test("waits double up to half a minute", async () => {
  const attempts = await attemptsWithin(160);
  const waits = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
  expect(waits).toEqual(
    [0.75, 1.25, 2.25, 4.25, 8.25, 16.25, 30.25, 30.25, 30.25, 30.25].map((s) => expect.closeTo(s, 6)),
  );
});

test("chance spreads the waits, and never makes them shorter than a quarter of a second", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  expect((await attemptsWithin(1.2)).map((at) => at.toFixed(2))).toEqual(["0.00", "0.50"]);
});

test("a call that was taken makes the next wait short again", async () => {
  expect(await attemptsWithin(4, true)).toHaveLength(6);
});

test("a call is tried at once when another one gets through", async () => {
  let tries = 0;
  const call = keepCalling(() => {
    lost();
    return ++tries < 6 ? unavailable() : Promise.resolve("through");
  }, control.signal);
  await vi.advanceTimersByTimeAsync(9000);
  const before = tries;
  reached();
  await vi.advanceTimersByTimeAsync(1);
  expect(tries).toBe(before + 1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await call).toBe("through");
});

test("a network that comes back or goes is noticed", async () => {
  const events = new EventTarget();
  vi.stubGlobal("addEventListener", events.addEventListener.bind(events));
  vi.stubGlobal("removeEventListener", events.removeEventListener.bind(events));
  let tries = 0;
  const reasons: unknown[] = [];
  const call = keepCalling((signal) => {
    tries++;
    return new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        reasons.push(ConnectError.from(signal.reason).code);
        reject(signal.reason);
      });
    });
  }, control.signal);
  call.catch(() => {});
  for (let round = 1; round <= 6; round++) {
    expect(tries).toBe(round);
    events.dispatchEvent(new Event("offline"));
    await vi.advanceTimersByTimeAsync(251);
    expect(tries).toBe(round);
    events.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(reasons).toEqual(Array(6).fill(Code.Unavailable));
});

test.each([Code.InvalidArgument, Code.Aborted, Code.FailedPrecondition, Code.Internal, Code.OutOfRange])(
  "status %i ends the call",
  async (code) => {
    const call = keepCalling(() => Promise.reject(new ConnectError("no", code)), control.signal);
    await expect(call).rejects.toMatchObject({ code });
  },
);

test("aborting ends the waiting", async () => {
  const call = keepCalling(unavailable, control.signal);
  call.catch(() => {});
  await vi.advanceTimersByTimeAsync(300);
  control.abort();
  await expect(call).rejects.toMatchObject({ name: "AbortError" });
});

test("attempts are counted while the server is away", () => {
  lost();
  lost();
  expect(connection.value).toEqual({ kind: "reconnecting", attempt: 2 });
  reached();
  lost();
  expect(connection.value).toEqual({ kind: "reconnecting", attempt: 1 });
  vi.stubGlobal("navigator", { onLine: false });
  lost();
  expect(connection.value).toEqual({ kind: "offline" });
});
