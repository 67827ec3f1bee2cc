import { defineConfig } from "vitest/config";

// Packing and checking a package takes a second or two, and more on a busy machine.
export default defineConfig({ test: { include: ["**/*.test.mjs"], testTimeout: 60_000 } });
