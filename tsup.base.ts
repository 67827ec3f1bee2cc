import type { Options } from "tsup";

/** What every package's build has in common: ESM and CJS beside each other, types for both, no source rewriting for a browser. */
export const base: Options = {
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  sourcemap: false,
  clean: true,
  shims: true,
  splitting: true,
  // tsup's own type step still passes baseUrl, which TypeScript 6 calls deprecated.
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
};
