/**
 * Refusals as the jail reports them (`RawDenial`), as the user sees them (`Denial`), and the bounded
 * record of one run (`DenialLog`). `explain.ts` turns the first into the second.
 */

import type { PolicyInput } from "./policy/input.js";

/** What was refused, in the words of the policy. */
export type DenialKind = "read" | "write" | "exec" | "connect" | "bind" | "lookup" | "syscall";

/** One thing that the program tried and was not allowed to do. */
export interface Denial {
  readonly kind: DenialKind;
  /** The system call by name; `lookup` for a host name that the sandbox's resolver refused. */
  readonly syscall: string;
  /** Absolute path, as resolved. Chosen by the program: print it through `quote()`. */
  readonly path?: string | undefined;
  /** `192.0.2.1:443`, `[2001:db8::1]:443`, `unix:/run/docker.sock`, or a host name. Chosen by the program. */
  readonly address?: string | undefined;
  /** Host pid of the process that tried first. */
  readonly pid: number;
  /** Name of the errno that the program saw, where it is known: `EPERM`. */
  readonly errno?: string | undefined;
  /** What refused it and why, in one line: `default policy: nothing below /srv is visible`. */
  readonly rule: string;
  /** The flag that would allow it, ready to paste into a shell: `--read /srv/data.csv`. Absent where no flag does. */
  readonly allow?: string | undefined;
  /** The same grant as a piece of policy. */
  readonly input?: PolicyInput | undefined;
  /** How often it was tried. */
  readonly count: number;
  /** Milliseconds from the start of the run to the first try. */
  readonly time: number;
}

/** One `REPORT_DENIED` message of the jail, decoded. See `native/jail/plan.h`. */
export interface RawDenial {
  /** Host pid of the caller. */
  readonly pid: number;
  /** System call number. */
  readonly number: number;
  /** errno it was refused with; 0: the kernel decided. */
  readonly error: number;
  /** `LANDLOCK_ACCESS_FS_*` that no rule grants on `path`; 0: none asked. */
  readonly access: number;
  /** The same for `path2`. */
  readonly access2: number;
  /** The six arguments, as unsigned 64-bit numbers. */
  readonly args: readonly bigint[];
  /** Absolute path seen from inside; empty if the call has none or it could not be read. */
  readonly path: string;
  readonly path2: string;
  /** The head of a `struct sockaddr`, cut to the length the caller passed. */
  readonly address?: Uint8Array | undefined;
}

/** Distinct denials that are kept; what comes later is only counted. */
const MOST_DENIALS = 1000;

/** The denials of one run: repeated ones are counted, memory is bounded. */
export class DenialLog {
  readonly #byKey = new Map<string, Denial>();
  #dropped = 0;

  /** Records `denial`. True if it is new; false if it was seen before or the log is full. */
  add(denial: Denial): boolean {
    const key = keyOf(denial);
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      this.#byKey.set(key, { ...known, count: known.count + denial.count });
      return false;
    }
    if (this.#byKey.size >= MOST_DENIALS) {
      this.#dropped += denial.count;
      return false;
    }
    this.#byKey.set(key, denial);
    return true;
  }

  /** Counts denials that were lost before they reached the log (`REPORT_DROPPED`). */
  drop(count: number): void {
    this.#dropped += count;
  }

  /** Every distinct denial, in the order of the first try. */
  get denials(): readonly Denial[] {
    return [...this.#byKey.values()];
  }

  /** How many more there were that are not in `denials`. */
  get dropped(): number {
    return this.#dropped;
  }
}

/** Denials that the same grant would allow are one: which of open and openat was refused says nothing. */
function keyOf({ kind, syscall, path, address }: Denial): string {
  return JSON.stringify([kind, path ?? null, address ?? null, path === undefined && address === undefined ? syscall : null]);
}
