import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { PointSchema } from "../gen/routeguide/route_guide_pb";
import { FrameLog, rowsInSight } from "./frames";

const message = create(PointSchema);

describe("a log", () => {
  test("keeps the newest frames under the numbers they had, and counts them all", () => {
    const log = new FrameLog(100);
    log.push({ kind: "header", fields: [] }, 0);
    for (let i = 0; i < 1000; i++) log.push({ kind: i % 2 ? "received" : "sent", message, size: 3 }, i);
    expect(log.length).toBeGreaterThanOrEqual(100);
    expect(log.length).toBeLessThan(125);
    expect(log.dropped).toBe(1001 - log.length);
    expect(log.slice(0, 1)[0]?.n).toBe(log.dropped);
    expect(log.counts).toEqual({ sent: 500, received: 500, bytes: 3000 });
    expect(log.last("received")?.at).toBe(999);
    expect(log.last("header")).toBeUndefined();
  });
});

describe("in sight", () => {
  test("are few of many rows, with some to spare", () => {
    expect(rowsInSight(100_000, 30, new Map(), 0, 300)).toEqual({ from: 0, to: 14, offset: 0, total: 3_000_000 });
    expect(rowsInSight(100_000, 30, new Map(), 1_500_000, 300)).toEqual({
      from: 49_996,
      to: 50_014,
      offset: 1_499_880,
      total: 3_000_000,
    });
    expect(rowsInSight(0, 30, new Map(), 0, 300)).toEqual({ from: 0, to: 0, offset: 0, total: 0 });
  });

  test("are rows below open ones further down", () => {
    const open = new Map([
      [1, 200],
      [50, 100],
    ]);
    const { from, to, offset, total } = rowsInSight(100, 30, open, 400, 60);
    expect(total).toBe(3300);
    expect([from, to]).toEqual([2, 13]);
    expect(offset).toBe(260);
  });
});
