import { join } from "node:path";
import { root } from "./paths.mjs";

/** Passed to every turbo run: it reports nothing home and asks for no update. */
export const turboEnv = { TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1", DO_NOT_TRACK: "1" };

/**
 * The command that runs a task in every package.
 *
 * @param {string} task
 * @param {readonly string[]} flags
 * @returns {[string, ...string[]]}
 */
export function turbo(task, ...flags) {
  return [join(root, "node_modules", ".bin", "turbo"), "run", task, ...flags];
}
