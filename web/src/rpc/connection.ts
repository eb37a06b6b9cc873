// Whether the server is reached, and how calls that must go on come back after it was lost.
import { Code, ConnectError } from "@connectrpc/connect";
import { connection } from "../state";

/** Milliseconds. Waits double from FIRST to LONGEST and are cut at random, by half at most. FLOOR passes in any case. */
const FLOOR = 250;
const FIRST = 500;
const LONGEST = 30_000;

export function reached(): void {
  if (connection.value.kind !== "live") connection.value = { kind: "live" };
}

export function lost(): void {
  const attempt = connection.value.kind === "reconnecting" ? connection.value.attempt + 1 : 1;
  connection.value = globalThis.navigator?.onLine === false ? { kind: "offline" } : { kind: "reconnecting", attempt };
}

/**
 * Runs a call until it ends for good. When its connection is lost, or the server cannot take it just now, it is run
 * again: after a growing wait, sooner when the network comes back, the page is looked at, or another call gets through.
 *
 * `run` says with `alive` that the server has taken the call: the next wait is short again.
 */
export async function keepCalling<T>(
  run: (signal: AbortSignal, alive: () => void) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let failures = 0;
  for (;;) {
    const attempt = new AbortController();
    const cancel = () => attempt.abort(signal.reason);
    // Sockets do not notice for minutes that the network under them has gone.
    const cut = () => attempt.abort(new ConnectError("the network is gone", Code.Unavailable));
    signal.addEventListener("abort", cancel);
    globalThis.addEventListener?.("offline", cut);
    try {
      signal.throwIfAborted();
      return await run(attempt.signal, () => {
        failures = 0;
      });
    } catch (failure) {
      if (signal.aborted || !passes(ConnectError.from(failure).code)) throw failure;
    } finally {
      signal.removeEventListener("abort", cancel);
      globalThis.removeEventListener?.("offline", cut);
    }
    await wait(Math.min(LONGEST, FIRST * 2 ** failures++), signal);
  }
}

/** Whether the server itself says that it cannot take the call just now: the connection is fine then. */
export function cannotNow(failure: unknown): boolean {
  const { code, metadata } = ConnectError.from(failure);
  return passes(code) && metadata.has("grpc-status");
}

function passes(code: Code): boolean {
  return code === Code.Unavailable || code === Code.ResourceExhausted;
}

async function wait(longest: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, FLOOR));
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const visible = () => {
      if (document.visibilityState === "visible") done();
    };
    let before = connection.value;
    const unsubscribe = connection.subscribe((now) => {
      if (before.kind !== "live" && now.kind === "live") done();
      before = now;
    });
    const timer = setTimeout(done, longest * (0.5 + Math.random() / 2));
    globalThis.addEventListener?.("online", done);
    globalThis.document?.addEventListener("visibilitychange", visible);
    signal.addEventListener("abort", done);
    function done() {
      clearTimeout(timer);
      unsubscribe();
      globalThis.removeEventListener?.("online", done);
      globalThis.document?.removeEventListener("visibilitychange", visible);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
