import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deletion } from "./undo";

let deleted: string[];
let failed: string[];
let refuses: boolean;
let deletion: Deletion;

beforeEach(() => {
  vi.useFakeTimers();
  deleted = [];
  failed = [];
  refuses = false;
  deletion = new Deletion(
    async (id) => {
      if (refuses) throw new Error("no");
      deleted.push(id);
    },
    (id) => failed.push(id),
  );
});

afterEach(() => vi.useRealTimers());

test("what is deleted is out of sight at once, and deleted when the time is over", async () => {
  deletion.later("a", "A");
  expect(deletion.gone.value.has("a")).toBe(true);
  expect(deletion.pending.value?.title).toBe("A");
  await vi.advanceTimersByTimeAsync(7999);
  expect(deleted).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(deleted).toEqual(["a"]);
  expect(deletion.pending.value).toBeNull();
  expect(deletion.gone.value.has("a")).toBe(true);
});

test("what is taken back is never deleted", async () => {
  deletion.later("a", "A");
  deletion.undo();
  expect(deletion.gone.value.has("a")).toBe(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(deleted).toEqual([]);
});

test("the next one deletes the one before, and leaving the page both, each once", async () => {
  deletion.later("a", "A");
  deletion.later("b", "B");
  expect(deleted).toEqual(["a"]);
  deletion.now();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(deleted).toEqual(["a", "b"]);
});

test("what the server does not delete is there again", async () => {
  refuses = true;
  deletion.later("a", "A");
  await vi.advanceTimersByTimeAsync(8000);
  expect(failed).toEqual(["a"]);
  expect(deletion.gone.value.has("a")).toBe(false);
});
