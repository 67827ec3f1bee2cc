import { defineConfig } from "tsup";

/** The benchmark as one file that node runs; not part of what is published. */
export default defineConfig({
  entry: ["bench/startup.ts"],
  outDir: "node_modules/.bench",
  format: "esm",
  target: "node20",
  platform: "node",
  silent: true,
  clean: true,
});
