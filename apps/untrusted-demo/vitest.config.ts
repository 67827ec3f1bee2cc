import { defineProject } from "vitest/config";

/** The whole demo runs several times: a slow machine is no failure. */
export default defineProject({ test: { include: ["src/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 } });
