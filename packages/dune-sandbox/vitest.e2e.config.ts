import { defineProject } from "vitest/config";

/** Whole programs, one after the other: what is left behind after a run can only be seen if nothing else runs. */
export default defineProject({
  test: { include: ["e2e/**/*.test.ts"], globalSetup: "e2e/installed.ts", testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false, maxWorkers: 1 },
});
