/**
 * The kernel module behind the dune engine. This version reports on the running kernel.
 *
 * @packageDocumentation
 */
export { KmodError } from "./errors.js";
export type { KmodErrorCode } from "./errors.js";
export { formatStatus } from "./report.js";
export { moduleStatus } from "./status.js";
export type { ModuleStatus } from "./status.js";
export type { Taint } from "./taint.js";
