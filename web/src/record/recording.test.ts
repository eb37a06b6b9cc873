import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { trackLength } from "../geo";
import { connection, type Place } from "../state";
import { TestRoutes } from "../testing/routes";
import { TestServer } from "../testing/server";
import { testStorage } from "../testing/storage";
import { abandonPage, until } from "../testing/until";
import { type Draft, drafts } from "./draft";
import { MOST_POINTS, Recorder, type RecordingState } from "./recording";

const at = (n: number, name = ""): Place => ({ point: { lat: 400_000_000 + n * 1000, lng: -740_000_000 + n }, name });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => at(from + i));
const pointsOf = (places: Place[]) => places.map((p) => p.point);

const newRecorder = () =>
  new Recorder({ traveler: () => "Lin 谢", featureAt: (p) => (p.lat === 400_005_000 ? "" : null) });

async function reach<K extends RecordingState["kind"]>(recorder: Recorder, kind: K) {
  await until(() => recorder.state.value.kind === kind);
  return recorder.state.value as Extract<RecordingState, { kind: K }>;
}

const track = (recorder: Recorder) => {
  const state = recorder.state.value;
  if (!("track" in state)) throw new Error("no route");
  return state.track;
};

let routes: TestRoutes;
let server: TestServer;

beforeEach(() => {
  vi.useFakeTimers();
  routes = new TestRoutes();
  server = new TestServer(routes.handle);
  vi.stubGlobal("WebSocket", server.socketClass());
  vi.stubGlobal("localStorage", testStorage());
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a recording", () => {
  test("takes points, counts what it passes and ends with the server's summary", async () => {
    const recorder = newRecorder();
    const places = [at(0, "A"), at(1), at(1), at(5), at(9, "B")];
    recorder.start("draw");
    recorder.add(places.slice(0, 2));
    recorder.add(places.slice(2));
    // The point that repeats the one before is dropped; the unnamed feature counts.
    const taken = [at(0), at(1), at(5), at(9)];
    expect(track(recorder)).toMatchObject({ count: 4, passed: 3, first: "A", last: "B" });
    expect(track(recorder).length).toBeCloseTo(trackLength(pointsOf(taken)), 6);
    recorder.finish();
    const { summary } = await reach(recorder, "finished");
    expect(summary).toEqual({ points: 4, features: 2, distance: 1234, elapsed: 56 });
    expect(routes.only.stored).toEqual(pointsOf(taken));
    expect(drafts()).toEqual([]);
  });

  test("sends the traveler's name percent-encoded", async () => {
    const recorder = newRecorder();
    recorder.start("draw");
    await until(() => server.calls("RecordTrack").length === 1);
    expect(server.calls("RecordTrack")[0]?.headers.get("traveler")).toBe("Lin%20%E8%B0%A2");
  });

  test("keeps and sends what a device measured, over a reload too, and the time of what was drawn", async () => {
    const before = newRecorder();
    const measured = { elevation: 312.46, accuracy: 4.9, speed: 1.42, heading: 0, battery: null };
    const fix = (n: number) => ({ point: at(n).point, time: 1_700_000_000_123 + n, ...measured });
    before.start("device");
    before.add([1, 2].map((n) => ({ ...at(n), fix: fix(n) })));
    before.add([{ ...at(3), fix: { ...fix(3), elevation: null, heading: null } }]);
    vi.setSystemTime(1_700_000_009_000);
    before.add([at(4)]);
    server.kill();
    await abandonPage();
    server.start();
    const after = newRecorder();
    after.takeUp(drafts()[0] as Draft);
    after.finish();
    await reach(after, "finished");
    const plain = { elevation: null, accuracy: null, speed: null, heading: null, battery: null };
    expect(routes.only.fixes).toEqual([
      fix(1),
      fix(2),
      { ...fix(3), elevation: null, heading: null },
      { point: at(4).point, time: 1_700_000_009_000, ...plain },
    ]);
  });

  test("takes no points while paused and keeps its connection", async () => {
    const recorder = newRecorder();
    recorder.start("draw");
    recorder.add(range(0, 3));
    recorder.pause();
    recorder.add(range(3, 6));
    await until(() => routes.only.stored.length === 3);
    expect(track(recorder).link).toBe("open");
    recorder.resume();
    recorder.add(range(6, 9));
    recorder.finish();
    await reach(recorder, "finished");
    expect(routes.only.stored).toEqual(pointsOf([...range(0, 3), ...range(6, 9)]));
    expect(server.attempts).toBe(1);
  });

  test("of a drawing holds the newest point back, which can be taken away", async () => {
    const recorder = newRecorder();
    recorder.start("draw");
    recorder.add([at(0, "A")]);
    recorder.add([at(1)]);
    recorder.add([at(5)]);
    await until(() => track(recorder).sent === 2);
    expect(track(recorder)).toMatchObject({ count: 3, passed: 2 });
    expect(recorder.takeBack()).toBe(true);
    expect(track(recorder)).toMatchObject({
      count: 2,
      passed: 1,
      first: "A",
      length: trackLength(pointsOf(range(0, 2))),
    });
    expect(recorder.takeBack()).toBe(false);
    recorder.add([at(7)]);
    recorder.finish();
    await reach(recorder, "finished");
    expect(routes.only.stored).toEqual(pointsOf([at(0), at(1), at(7)]));
  });

  test("does not bring back what was taken away, not even after a reload", async () => {
    const before = newRecorder();
    server.kill();
    before.start("draw");
    before.add(range(0, 201));
    before.takeBack();
    await abandonPage();
    const [draft] = drafts();
    const after = newRecorder();
    if (draft) after.takeUp(draft);
    expect(track(after).count).toBe(200);
  });

  test("ignores what its state does not allow", () => {
    const recorder = newRecorder();
    recorder.add(range(0, 3));
    recorder.finish();
    recorder.resume();
    recorder.retry();
    recorder.reset();
    expect(recorder.state.value).toEqual({ kind: "idle" });
    expect(server.attempts).toBe(0);
  });
});

describe("when the connection breaks", () => {
  test("points are taken all the while and sent once it is back", async () => {
    const recorder = newRecorder();
    recorder.start("drive");
    recorder.add(range(0, 4));
    await until(() => routes.only.stored.length === 3);
    server.kill();
    await until(() => track(recorder).link === "lost");
    recorder.add(range(4, 20));
    expect(track(recorder)).toMatchObject({ count: 20, sent: 4 });
    server.start();
    await until(() => track(recorder).sent === 20);
    expect(track(recorder).link).toBe("open");
    recorder.finish();
    await reach(recorder, "finished");
    expect(routes.only.stored).toEqual(pointsOf(range(0, 20)));
  });

  test("a route that is finished meanwhile ends when it is back", async () => {
    const recorder = newRecorder();
    server.kill();
    recorder.start("draw");
    recorder.add(range(0, 5));
    recorder.finish();
    await until(() => server.attempts > 2);
    expect(recorder.state.value.kind).toBe("finishing");
    server.start();
    expect((await reach(recorder, "finished")).summary.points).toBe(5);
  });

  test("just when the server had finished, the summary is asked for again", async () => {
    const recorder = newRecorder();
    recorder.start("device");
    recorder.add(range(0, 5));
    await until(() => track(recorder).sent === 5);
    routes.only.finished = true;
    routes.only.stored = pointsOf(range(0, 5));
    server.kill();
    server.start();
    recorder.finish();
    expect((await reach(recorder, "finished")).summary.points).toBe(5);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("again and again, no point is lost and none comes twice (%i)", async (seed) => {
    const random = randomFrom(seed);
    const recorder = newRecorder();
    recorder.start("drive");
    let made = 0;
    for (let step = 0; step < 60; step++) {
      const more = Math.floor(random() * 9);
      recorder.add(range(made, made + more));
      made += more;
      const event = random();
      if (event < 0.25) server.kill();
      else if (event < 0.6) server.start();
      await vi.advanceTimersByTimeAsync(random() * 1500);
    }
    recorder.finish();
    server.start();
    const { track, summary } = await reach(recorder, "finished");
    expect(summary.points).toBe(made);
    expect(routes.only.stored).toEqual(pointsOf(range(0, made)));
    expect(track.fixes).toEqual(routes.only.fixes);
  });
});

test("while the server cannot store points, they wait; all are stored once when it can again", async () => {
  const recorder = newRecorder();
  recorder.start("drive");
  recorder.add(range(0, 4));
  await until(() => routes.only.stored.length === 3);
  routes.cannotStore = true;
  recorder.add(range(4, 6));
  await until(() => track(recorder).link === "refused");
  recorder.add(range(6, 20));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(track(recorder)).toMatchObject({ count: 20, link: "refused" });
  expect(connection.value.kind).toBe("live");
  routes.cannotStore = false;
  await until(() => track(recorder).sent === 20);
  recorder.finish();
  await reach(recorder, "finished");
  expect(routes.only.stored).toEqual(pointsOf(range(0, 20)));
});

describe("after a reload", () => {
  test("an unfinished route is offered and goes on where it was", async () => {
    const before = newRecorder();
    before.start("device");
    before.add([at(0, "A"), ...range(1, 450)]);
    await until(() => track(before).sent === 450);
    server.kill();
    await abandonPage();
    const [draft] = drafts();
    expect(draft).toMatchObject({ source: "device", passed: 2, first: "A", finishing: false });

    const after = newRecorder();
    if (draft) after.takeUp(draft);
    expect(after.state.value.kind).toBe("paused");
    expect(track(after)).toMatchObject({ count: 450, length: track(before).length });
    after.resume();
    after.add(range(450, 460));
    after.finish();
    server.start();
    await reach(after, "finished");
    expect(routes.only.stored).toEqual(pointsOf(range(0, 460)));
    expect(drafts()).toEqual([]);
  });

  test("one that was only waiting for the server is finished", async () => {
    server.kill();
    const before = newRecorder();
    before.start("draw");
    before.add(range(0, 7));
    before.finish();
    await abandonPage();
    const [draft] = drafts();
    server.start();
    const after = newRecorder();
    if (draft) after.takeUp(draft);
    expect((await reach(after, "finished")).summary.points).toBe(7);
  });

  test("a route of a page before tokens is sent whole, as a new one that only this browser can go on with", async () => {
    const draft = {
      id: "0123456789abcdef",
      source: "draw",
      began: 1,
      finishing: false,
      passed: 0,
      first: "",
      last: "",
    };
    localStorage.setItem(`routeguide.draft.${draft.id}`, JSON.stringify(draft));
    // Such a page kept of a point where it is, and no more.
    const points = pointsOf(range(0, 7)).map((p) => `${p.lat},${p.lng}`);
    localStorage.setItem(`routeguide.draft.${draft.id}.0`, points.join(" "));
    server.kill();
    const before = newRecorder();
    before.takeUp(drafts()[0] as Draft);
    await abandonPage();
    server.start();
    const after = newRecorder();
    after.takeUp(drafts()[0] as Draft);
    expect(track(after)).toMatchObject({ id: draft.id, token: track(before).token, count: 7 });
    after.finish();
    await reach(after, "finished");
    expect(routes.only.stored).toEqual(pointsOf(range(0, 7)));
    expect(new Set(routes.only.fixes.map((fix) => fix.time))).toEqual(new Set([0]));
    expect([...routes.routes.keys()]).toEqual([track(after).token]);
    expect(track(after).token).not.toContain(draft.id);
    expect(drafts()).toEqual([]);
  });

  test("one that was discarded is gone", () => {
    const recorder = newRecorder();
    recorder.start("draw");
    recorder.add(range(0, 300));
    recorder.reset();
    expect(drafts()).toEqual([]);
    expect(Object.keys(localStorage)).toEqual([]);
  });

  test("nothing is offered of a route that the browser had no room for", async () => {
    vi.stubGlobal("localStorage", testStorage(3000));
    const recorder = newRecorder();
    recorder.start("draw");
    recorder.add(range(0, 50));
    expect(track(recorder).kept).toBe(true);
    recorder.add(range(50, 500));
    expect(track(recorder).kept).toBe(false);
    expect(drafts()).toEqual([]);
    recorder.finish();
    expect((await reach(recorder, "finished")).summary.points).toBe(500);
  });
});

describe("a route that is refused", () => {
  test("because another call records it says so, and can be taken back", async () => {
    const recorder = newRecorder();
    recorder.start("device");
    recorder.add(range(0, 4));
    await until(() => track(recorder).sent === 4);
    const draft = drafts()[0];
    const other = newRecorder();
    if (draft) other.takeUp(draft);
    const failed = await reach(recorder, "failed");
    expect(failed.reason).toMatch(/somewhere else/);
    expect(failed.canRetry).toBe(true);
    other.reset();
    recorder.retry();
    recorder.resume();
    recorder.add(range(4, 6));
    recorder.finish();
    await reach(recorder, "finished");
    expect(routes.only.stored).toEqual(pointsOf(range(0, 6)));
  });

  test("for good can only be discarded", async () => {
    vi.stubGlobal(
      "WebSocket",
      new TestServer((call) => call.end(Code.FailedPrecondition, "the route is finished")).socketClass(),
    );
    const recorder = newRecorder();
    recorder.start("draw");
    const failed = await reach(recorder, "failed");
    expect(failed.canRetry).toBe(false);
    recorder.retry();
    expect(recorder.state.value.kind).toBe("failed");
    recorder.reset();
    expect(recorder.state.value.kind).toBe("idle");
  });
});

test("a route that is full pauses for good", () => {
  const recorder = newRecorder();
  recorder.start("drive");
  recorder.add(range(0, MOST_POINTS + 5));
  expect(recorder.state.value.kind).toBe("paused");
  expect(track(recorder).count).toBe(MOST_POINTS);
  recorder.resume();
  expect(recorder.state.value.kind).toBe("paused");
  recorder.reset();
});

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
