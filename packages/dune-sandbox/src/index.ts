/**
 * Run an untrusted native program under a policy that explains every denial.
 *
 * @packageDocumentation
 */
export { Sandbox, type SandboxOptions } from "./sandbox.js";
export type { LimitHit, Protection, SandboxResult } from "./result.js";
export type { LimitName } from "./report.js";
export type { Denial, DenialKind } from "./denial.js";
export type { Change, Usage } from "./wire.js";
export type { Layer } from "./plan.js";
export type { Stream } from "./helper.js";
export type { Explain } from "./options.js";
export {
  EXIT,
  EXIT_CODES,
  LayerError,
  PolicyError,
  SandboxError,
  UnsupportedError,
  type PolicyLocation,
  type SandboxErrorCode,
} from "./errors.js";
export { definePolicy, type PolicyInput } from "./policy/input.js";
