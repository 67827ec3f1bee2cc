import type { ResolvedProgram } from "../program.js";
import type { PolicyLayer, ResolvedPath } from "./input.js";
import type { Policy } from "./policy.js";

/** Everything about the host and the caller that the policy depends on. */
export interface MergeContext {
  /** The caller's working directory, absolute. */
  readonly cwd: string;
  /** The caller's home directory, absolute. */
  readonly home: string;
  /** Physical memory in bytes; half of it is the default memory limit. */
  readonly memory: number;
  /** The running Node installation's prefix, for the `node` profile. */
  readonly nodePrefix?: string | undefined;
  /** The program to be run; it may read and execute its own file and its interpreters. */
  readonly program?: ResolvedProgram | undefined;
  /** Follows symbolic links; throws an `ErrnoException` as `realpath(3)` does. Default: the host's file system. */
  readonly resolve?: (path: string) => ResolvedPath;
}

/**
 * Puts the parts of a policy together: defaults, then profiles, then `layers` in order.
 *
 * @throws {SandboxError} `ERR_SANDBOX_POLICY` or `ERR_SANDBOX_OPTION` for a path that is not there,
 *   `ERR_SANDBOX_CWD` if the working directory is too much to hand over
 */
export declare function mergePolicy(layers: readonly PolicyLayer[], context: MergeContext): Policy;
