/**
 * What a host check says: a result per check, a verdict per engine, one exit code.
 * Everything here is plain data; `schema/host-report.json` describes the same shape.
 */
import type { HostRecord } from "./host.js";

/** What provides the isolation: our module, stock KVM, or the host kernel alone. */
export type Engine = "dune" | "kvm" | "process";

/** In the order in which `auto` tries them. */
export const ENGINES: readonly Engine[] = ["dune", "kvm", "process"];

/** `skip`: not looked at, because an earlier check failed or the question does not apply here. */
export type CheckStatus = "ok" | "warn" | "fail" | "skip";

/** Groups checks on the screen; the part of a check's id before the dot. */
export type Topic = "host" | "cpu" | "kvm" | "dune" | "process" | "cgroup";

/**
 * What a check means to an engine. `needed`: the engine is usable only if the check
 * is `ok` (a `warn` degrades it). `wanted`: anything but `ok` or `skip` degrades it.
 */
export type Need = "needed" | "wanted";

/** How to get a check to `ok`. */
export interface Fix {
  /** One sentence: what to do. */
  readonly text: string;
  /** The one shell command that does it; absent where no command can (firmware, other hardware). */
  readonly command?: string;
  /** When it takes effect. */
  readonly effect: "now" | "next login" | "next boot";
}

/** One fact about the host and what follows from it. */
export interface CheckResult {
  /** Stable: `topic.noun`. */
  readonly id: string;
  readonly topic: Topic;
  readonly title: string;
  readonly status: CheckStatus;
  /** What was found on this host, one line. */
  readonly seen: string;
  /** Why it matters, one or two sentences, the same on every host. */
  readonly why: string;
  readonly fix?: Fix;
  /** The engines it bears on; empty for a check that only informs. */
  readonly engines: Readonly<Partial<Record<Engine, Need>>>;
}

export type Verdict = "usable" | "degraded" | "unusable";

/** Whether one engine works on this host, and which checks decided it. */
export interface EngineVerdict {
  readonly engine: Engine;
  readonly verdict: Verdict;
  /** Ids of the checks that kept it from `usable`, the most basic one first; empty if usable. */
  readonly reasons: readonly string[];
  /** One line for people. */
  readonly summary: string;
}

/** What was measured in the guest that ran on /dev/kvm. */
export interface GuestMeasurement {
  /** Median cost of one port exit and re-entry, nanoseconds. */
  readonly exitNs: number;
  /** Cost of one guest instruction in a plain loop, nanoseconds. */
  readonly instructionNs: number;
}

/** The answer of `checkHost()`; survives `JSON.stringify` unchanged. */
export interface HostReport {
  /** Version of this shape. */
  readonly format: 1;
  readonly host: {
    readonly platform: string;
    readonly arch: string;
    /** Kernel release, as `uname -r` prints it. */
    readonly kernel: string;
    /** Processor's model name, or "unknown". */
    readonly cpu: string;
    readonly node: string;
  };
  /**
   * 0: a VM engine is usable. 1: only the process engine, or a VM engine degraded.
   * 2: nothing is usable. If one engine was asked for: 0 usable, 1 degraded, 2 unusable.
   */
  readonly exitCode: 0 | 1 | 2;
  /** The engine `auto` would take, or null. */
  readonly engine: Engine | null;
  readonly summary: string;
  readonly engines: Readonly<Record<Engine, EngineVerdict>>;
  readonly checks: readonly CheckResult[];
  /** The one fix to try first, with the check it belongs to; null if there is nothing to fix. */
  readonly fix: (Fix & { readonly check: string }) | null;
  /** Null if no guest ran. */
  readonly guest: GuestMeasurement | null;
  /** Everything the checks read; present only if asked for with `record: true`. */
  readonly record?: HostRecord;
}
