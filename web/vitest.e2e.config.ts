import { defineConfig } from "vitest/config";

// Journeys through the built page, and calls by other projects' web clients (interop/), against the real program:
// ROUTEGUIDE_BIN says where that is.
export default defineConfig(({ mode }) => ({
  test: {
    include: mode === "picture" ? ["e2e/picture.ts"] : ["e2e/**/*.e2e.ts", "interop/**/*.interop.ts"],
    // One browser after another: drawing maps in software takes every core.
    fileParallelism: false,
    // Maps are drawn in software, on a machine that may be slow and busy.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 100_000 } },
  },
}));
