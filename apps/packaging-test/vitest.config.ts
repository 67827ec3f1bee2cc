import { defineProject } from "vitest/config";

// An installation fetches what our packages depend on; a slow registry is no failure of ours.
export default defineProject({ test: { include: ["src/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 300_000 } });
