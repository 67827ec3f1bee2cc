/**
 * The system-call table compiled to a seccomp filter, and what the supervisor must know about the
 * calls that the filter hands to it.
 *
 *      architecture -> number, by binary search -> allow | errno | notify
 *                                              \-> arguments -> allow | errno | notify
 *
 * Arguments are loaded after the number has been decided, never before: the kernel then sees that a
 * call is allowed whatever its arguments and stops running the filter for it (Linux 5.11).
 */

import { Assembler, Label } from "./bpf.js";
import { PolicyError } from "./errors.js";
import { ERRNO } from "./errno.js";
import { quote } from "./quote.js";
import type { Action, Syscall, Test, Verdict } from "./syscalls/syscall.js";
import { SYSCALLS, syscallByName } from "./syscalls/table.js";

/** `struct plan_syscall.dir` and the like where the call has no such argument. */
export const NO_ARG = 0xff;

/** How a notified system call is answered; mirrors `struct plan_syscall` in `native/jail/plan.h`. */
export interface PlanSyscall {
  readonly number: number;
  /** Refuse with this errno; 0: let the kernel decide, report only. */
  readonly error: number;
  /** Argument indices, or `NO_ARG`. */
  readonly dir: number;
  readonly path: number;
  readonly dir2: number;
  readonly path2: number;
  readonly openflags: number;
  readonly address: number;
  /** `LANDLOCK_ACCESS_FS_*` needed on `path` and `path2`. */
  readonly access: number;
  readonly access2: number;
}

export interface FilterOptions {
  /** Which allowed calls are reported to the supervisor. `none`: no supervisor at all, refusals are plain errnos. */
  readonly supervise: "none" | "default" | "all";
  /** Names of system calls allowed without conditions, beyond the table. */
  readonly allow: readonly string[];
  /** Whether IPv4 and IPv6 sockets may be made: the network namespace exists, or the host's network is granted. */
  readonly inet: boolean;
  /** Whether System V IPC and POSIX queues may be used: the IPC namespace exists. Default: true. */
  readonly ipc?: boolean | undefined;
}

export interface CompiledFilter {
  /** `struct sock_filter[]`, little-endian. */
  readonly filter: Uint8Array;
  /** One row for each call that may be notified. */
  readonly supervised: readonly PlanSyscall[];
}

/** `linux/audit.h`: EM_X86_64, 64 bits, little-endian. */
const AUDIT_ARCH_X86_64 = 0xc000_003e;
/** `linux/seccomp.h` */
const RET_ALLOW = 0x7fff_0000;
const RET_USER_NOTIF = 0x7fc0_0000;
const RET_ERRNO = 0x0005_0000;
/** Offsets in `struct seccomp_data`; each argument is 64 bits, low half first. */
const NR_OFFSET = 0;
const ARCH_OFFSET = 4;
const ARGS_OFFSET = 16;

const ALL_BITS = 0xffff_ffff;
const ABSENT = RET_ERRNO | ERRNO.ENOSYS;

/**
 * Compiles the table.
 *
 * @throws {PolicyError} `ERR_SANDBOX_POLICY` if `allow` names a system call that there is not
 * @example
 * const { filter, supervised } = compileFilter({ supervise: "default", allow: [], inet: true });
 */
export function compileFilter(options: FilterOptions): CompiledFilter {
  const extra = new Set(options.allow.map(knownName));
  const entries = SYSCALLS.map((row) => new Entry(row, extra.has(row.name), options));
  const assembler = new Assembler();
  const checks = new Map<Entry, Label>();

  const native = new Label();
  assembler.load(ARCH_OFFSET);
  assembler.branch("equal", AUDIT_ARCH_X86_64, { yes: native });
  assembler.return(ABSENT); // i386; and x32 numbers, which have bit 30 set, lie above the last range
  assembler.place(native);
  assembler.load(NR_OFFSET);
  emitSearch(assembler, rangesOf(entries), checks);
  for (const [entry, label] of checks) {
    assembler.place(label);
    entry.emit(assembler);
  }
  return {
    filter: assembler.assemble(),
    supervised: entries.map((entry) => entry.plan()).filter((row) => row !== undefined),
  };
}

function knownName(name: string): string {
  if (syscallByName(name) !== undefined) return name;
  throw new PolicyError(`there is no system call named ${quote(name)}`, {
    field: "syscalls.allow",
    fix: "use a name from docs/sandbox-syscalls.md, such as perf_event_open",
  });
}

/** One row of the table under the options of this filter. */
class Entry {
  readonly number: number;
  readonly #row: Syscall;
  readonly #action: Action;
  readonly #watched: boolean;
  /** The refusal that is reported; one row of the plan can hold only one. */
  readonly #reported: number | undefined;

  constructor(row: Syscall, allowed: boolean, options: FilterOptions) {
    this.number = row.number;
    this.#row = row;
    this.#action = allowed ? { cases: [], otherwise: "allow" } : reduce(row.action, options);
    const levels = options.supervise === "all" ? ["default", "all"] : [options.supervise];
    const verdicts = [this.#action.otherwise, ...this.#action.cases.map((item) => item.verdict)];
    this.#watched = row.watch !== undefined && levels.includes(row.watch.level) && verdicts.includes("allow");
    const silent = options.supervise === "none" || row.report === "never" || (row.report === "all" && options.supervise !== "all");
    // A watched call is answered "let the kernel decide", so its refusals must not reach the supervisor.
    this.#reported = silent || this.#watched ? undefined : verdicts.find((verdict) => verdict !== "allow")?.errno;
  }

  /** What the filter returns whatever the arguments are; undefined if it depends on them. */
  get constant(): number | undefined {
    const { cases, otherwise } = this.#action;
    const partly = this.#watched && this.#row.watch?.when !== undefined;
    return cases.length > 0 || partly ? undefined : this.#value(otherwise);
  }

  /** The instructions that look at the arguments. */
  emit(assembler: Assembler): void {
    for (const { tests, verdict } of this.#action.cases) {
      const next = new Label();
      for (const test of tests) emitTest(assembler, test, next);
      this.#emitVerdict(assembler, verdict);
      assembler.place(next);
    }
    this.#emitVerdict(assembler, this.#action.otherwise);
  }

  plan(): PlanSyscall | undefined {
    if (this.#watched) return planRow(this.#row, 0);
    return this.#reported === undefined ? undefined : planRow({ ...this.#row, watch: undefined }, this.#reported);
  }

  #emitVerdict(assembler: Assembler, verdict: Verdict): void {
    const conditions = this.#watched && verdict === "allow" ? this.#row.watch?.when : undefined;
    if (conditions === undefined) {
      assembler.return(this.#value(verdict));
      return;
    }
    for (const condition of conditions) {
      const next = new Label();
      emitTest(assembler, condition, next);
      assembler.return(RET_USER_NOTIF);
      assembler.place(next);
    }
    assembler.return(RET_ALLOW);
  }

  #value(verdict: Verdict): number {
    if (verdict === "allow") return this.#watched ? RET_USER_NOTIF : RET_ALLOW;
    return verdict.errno === this.#reported ? RET_USER_NOTIF : RET_ERRNO | verdict.errno;
  }
}

/** `action` without the cases that these namespaces rule out, and without what can never be reached. */
function reduce(action: Action, { inet, ipc = true }: FilterOptions): Action {
  const present = { network: inet, ipc };
  const cases = action.cases.filter(({ needs }) => needs === undefined || present[needs]);
  const always = cases.findIndex(({ tests }) => tests.length === 0);
  const certain = cases[always];
  return certain === undefined ? { cases, otherwise: action.otherwise } : { cases: cases.slice(0, always), otherwise: certain.verdict };
}

function planRow({ number, watch }: Syscall, error: number): PlanSyscall {
  return {
    number,
    error,
    dir: watch?.dir ?? NO_ARG,
    path: watch?.path ?? NO_ARG,
    dir2: watch?.dir2 ?? NO_ARG,
    path2: watch?.path2 ?? NO_ARG,
    openflags: watch?.openflags ?? NO_ARG,
    address: watch?.address ?? NO_ARG,
    access: watch?.access ?? 0,
    access2: watch?.access2 ?? 0,
  };
}

/** Neighbouring numbers with the same outcome. */
interface Range {
  readonly first: number;
  readonly outcome: number | Entry;
}

/** The whole of the 32-bit numbers as ranges; what the table does not have is absent. */
function rangesOf(entries: readonly Entry[]): readonly Range[] {
  const ranges: Range[] = [];
  const start = (first: number, outcome: number | Entry): void => {
    if (ranges.at(-1)?.outcome !== outcome) ranges.push({ first, outcome });
  };
  let next = 0;
  for (const entry of entries) {
    if (entry.number > next) start(next, ABSENT);
    start(entry.number, entry.constant ?? entry);
    next = entry.number + 1;
  }
  start(next, ABSENT);
  return ranges;
}

/** Finds the range that A is in: about log2 of their number in comparisons. */
function emitSearch(assembler: Assembler, ranges: readonly Range[], checks: Map<Entry, Label>): void {
  const [only] = ranges;
  if (only === undefined) return;
  if (ranges.length === 1) {
    if (typeof only.outcome === "number") assembler.return(only.outcome);
    else throw new RangeError("a search ends in a check without a jump to it");
    return;
  }
  const middle = Math.ceil(ranges.length / 2);
  const [lower, upper] = [ranges.slice(0, middle), ranges.slice(middle)];
  const toUpper = checkLabel(upper, checks);
  const toLower = checkLabel(lower, checks);
  const yes = toUpper ?? new Label();
  assembler.branch("at-least", upper[0]?.first ?? 0, { yes, no: toLower });
  if (toLower === undefined) emitSearch(assembler, lower, checks);
  if (toUpper !== undefined) return;
  assembler.place(yes);
  emitSearch(assembler, upper, checks);
}

/** Where the arguments are looked at, if `ranges` is a single call for which that is needed. */
function checkLabel(ranges: readonly Range[], checks: Map<Entry, Label>): Label | undefined {
  const [only] = ranges;
  if (only === undefined || ranges.length > 1 || typeof only.outcome === "number") return undefined;
  const label = checks.get(only.outcome) ?? new Label();
  checks.set(only.outcome, label);
  return label;
}

/** Goes on with the next instruction if `test` holds, to `otherwise` if not. */
function emitTest(assembler: Assembler, { arg, half, mask, is }: Test, otherwise: Label): void {
  assembler.load(ARGS_OFFSET + 8 * arg + (half === "high" ? 4 : 0));
  if (is === "any") {
    assembler.branch("any-bit", mask, { no: otherwise });
    return;
  }
  if (mask !== ALL_BITS) assembler.and(mask);
  const holds = new Label();
  is.forEach((value, index) => {
    const last = index === is.length - 1;
    assembler.branch("equal", value, last ? { no: otherwise } : { yes: holds });
  });
  assembler.place(holds);
}
