import { vi } from "vitest";

/** For tests with fake timers: lets time pass until the condition holds, ten minutes of it at most. */
export async function until(condition: () => boolean): Promise<void> {
  for (let passed = 0; !condition(); passed += 20) {
    if (passed > 600_000) throw new Error("waited for ten minutes");
    await vi.advanceTimersByTimeAsync(20);
  }
}

/** For tests: closes a page that cannot reach its server. What it would have done next does not happen. */
export async function abandonPage(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1);
  vi.clearAllTimers();
}
