import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TestServer } from "../testing/server";
import { TestTravelers } from "../testing/travelers";
import { until } from "../testing/until";
import { Roster } from "./roster";

const area = { south: 0, west: 0, north: 100_000, east: 100_000 };
let travelers: TestTravelers;
let server: TestServer;
let roster: Roster;
let left: string[];

const seen = () => roster.state.value.travelers.map((t) => `${t.name}@${t.position.point.lat},${t.position.point.lng}`);
const live = () => until(() => roster.state.value.kind === "live");

beforeEach(() => {
  vi.useFakeTimers();
  travelers = new TestTravelers();
  server = new TestServer(travelers.handle);
  vi.stubGlobal("WebSocket", server.socketClass());
  left = [];
  roster = new Roster((gone) => left.push(gone.name));
});

afterEach(() => {
  roster.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("those on the way are shown together when all are known, then as they move and leave", async () => {
  travelers.move("r1", 1, 1, "Ada");
  travelers.move("r2", 2, 2, "Lin");
  void roster.look(area);
  await live();
  expect(seen()).toEqual(["Ada@1,1", "Lin@2,2"]);
  travelers.move("r1", 5, 5, "Ada");
  await until(() => seen()[0] === "Ada@5,5");
  travelers.leave("r2");
  await until(() => seen().length === 1);
  expect(left).toEqual(["Lin"]);
});

test("the area is what is asked for", async () => {
  void roster.look({ south: -5, west: 1_700_000_000, north: 5, east: -1_700_000_000 });
  await live();
  expect(travelers.bounds?.southwest).toMatchObject({ latitude: -5, longitude: 1_700_000_000 });
  expect(travelers.bounds?.northeast).toMatchObject({ latitude: 5, longitude: -1_700_000_000 });
});

test("who left while the connection was lost is gone afterwards, and nobody is said to have left", async () => {
  travelers.move("r1", 1, 1, "Ada");
  travelers.move("r2", 2, 2, "Lin");
  void roster.look(area);
  await live();
  server.kill();
  travelers.leave("r1");
  server.start();
  await until(() => seen().length === 1);
  expect(seen()).toEqual(["Lin@2,2"]);
  expect(left).toEqual([]);
});

test("a trail grows by positions that were left, not by those that hardly differ", async () => {
  travelers.move("r1", 300, 0, "Ada", [
    [100, 0],
    [200, 0],
  ]);
  void roster.look(area);
  await live();
  const trail = () => roster.get("r1")?.trail.map((fix) => fix.point.lat);
  expect(trail()).toEqual([100, 200]);
  for (const lat of [40_000, 40_001, 80_000]) {
    travelers.clock += 1000;
    travelers.move("r1", lat, 0, "Ada");
    await until(() => roster.get("r1")?.position.point.lat === lat);
  }
  // 300 is a metre from 200, 40,001 a centimetre from 40,000; 40,000 is 4 km away.
  expect(trail()).toEqual([100, 200, 40_000]);
});

test("an area that takes the place of another keeps where everybody glides", async () => {
  travelers.move("r1", 0, 0, "Ada");
  void roster.look(area);
  await live();
  travelers.clock += 4000;
  travelers.move("r1", 1000, 0, "Ada");
  await until(() => roster.get("r1")?.position.point.lat === 1000);
  const gliding = roster.get("r1")?.glide;
  expect(gliding?.lasts).toBe(4000);
  void roster.look({ ...area, north: 200_000 });
  await until(() => travelers.bounds?.northeast?.latitude === 200_000);
  await live();
  expect(roster.get("r1")?.glide).toBe(gliding);
});

test("whose time is over is dropped when nobody says so", async () => {
  travelers.move("r1", 1, 1, "Ada");
  void roster.look(area);
  await live();
  roster.dropExpired();
  expect(left).toEqual([]);
  server.kill();
  await vi.advanceTimersByTimeAsync(1_800_001);
  roster.dropExpired();
  await until(() => seen().length === 0);
  expect(left).toEqual(["Ada"]);
});
