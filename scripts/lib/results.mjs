import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";

/** Where results-reporter.mjs leaves one file for each run of vitest. */
export const folder = join(root, ".results");

/**
 * @typedef {{ name: string, reason?: string }} Test
 * @typedef {{ name: string, passed: number, failed: readonly Test[], skipped: readonly Test[] }} Result
 */

export function clearResults() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

/** @returns {Result[]} */
export function readResults() {
  return readdirSync(folder).filter((name) => name.endsWith(".json")).sort().map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}

/**
 * The skipped and failed tests by name, then the sum alone on the last line.
 *
 * @param {readonly Result[]} results
 */
export function summarize(results) {
  const list = (key) => results.flatMap((result) => result[key].map((test) => ({ ...test, run: result.name })));
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = list("failed");
  const skipped = list("skipped");
  const lines = [
    ...skipped.map(({ run, name, reason }) => `skipped: ${run}: ${name} (${reason ?? "no reason given"})`),
    ...failed.map(({ run, name }) => `failed: ${run}: ${name}`),
    `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`,
  ];
  return { passed, failed: failed.length, skipped: skipped.length, text: lines.join("\n") };
}
