/** How a run ended, and under which protection. */

import type { Denial } from "./denial.js";
import type { Layer } from "./plan.js";
import type { LimitName } from "./report.js";
import type { Change, Usage } from "./wire.js";

/** How much of the sandbox stands, and how. */
export interface Protection {
  readonly engine: "process";
  /** The layers that are on. */
  readonly layers: readonly Layer[];
  /** The layers that this host could not give; empty unless `bestEffort` was asked for. */
  readonly missing: readonly Layer[];
  /** Landlock's ABI in force; 0: none. */
  readonly landlockAbi: number;
  /** Unix sockets found in what the policy grants by name: the program can talk to whoever listens there. */
  readonly sockets: readonly string[];
  /** Limits that a cgroup enforces. Without one, memory is sampled and processes are an rlimit that is sampled too. */
  readonly cgroup: readonly ("memory" | "processes")[];
}

/** A bound of the policy that was reached. */
export interface LimitHit {
  readonly limit: LimitName;
  /** The bound: milliseconds, bytes or a count. */
  readonly bound: number;
  /** What was seen when it was found exceeded, in the same unit; undefined if the kernel only said that it was. */
  readonly value: number | undefined;
}

export interface SandboxResult {
  /** The program's exit code; undefined if a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Set if a limit stopped the program, or kept it from getting more memory or processes. */
  readonly limit: LimitHit | undefined;
  /** What was refused, in the order of the first try. */
  readonly denials: readonly Denial[];
  /** How many refusals are not in `denials`, because there were too many. */
  readonly dropped: number;
  /** Files changed in a dry run. */
  readonly changes: readonly Change[];
  readonly usage: Usage;
  readonly protection: Protection;
}
