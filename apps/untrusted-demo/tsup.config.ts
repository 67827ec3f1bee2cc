import { defineConfig } from "tsup";
import { base } from "../../tsup.base.js";

/** A program, not a library: one format, no types. */
export default defineConfig({ ...base, entry: { main: "src/main.ts" }, format: ["esm"], dts: false });
