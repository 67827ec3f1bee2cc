/**
 * The words in which the system-call table is written: what is done with a call, which of its
 * arguments that depends on, and what the supervisor must know to explain a refusal.
 */

/** Which of the six arguments, counted from 0. */
export type ArgumentIndex = 0 | 1 | 2 | 3 | 4 | 5;

/**
 * A question about one 32-bit half of an argument. The kernel ignores the high half of an `int`
 * argument, so a test of it must too: the low half is the default.
 */
export interface Test {
  readonly arg: ArgumentIndex;
  readonly half: "low" | "high";
  /** The bits that are looked at. */
  readonly mask: number;
  /** True if any of those bits is set, or if they equal one of the values. */
  readonly is: "any" | readonly number[];
}

/** `allow`, or the errno that the call is refused with. */
export type Verdict = "allow" | { readonly errno: number };

/** If every test holds, this is the verdict. */
export interface Case {
  readonly tests: readonly Test[];
  readonly verdict: Verdict;
  /** The case counts only where the network (IPC) namespace keeps the host's network (IPC objects) away. */
  readonly needs?: Namespace | undefined;
}

export type Namespace = "network" | "ipc";

/** What is done with a call: the first case that holds decides, else `otherwise`. */
export interface Action {
  readonly cases: readonly Case[];
  readonly otherwise: Verdict;
}

/** Which arguments name files and addresses, and what Landlock access they need. Mirrors `struct plan_syscall`. */
export interface Arguments {
  /** Directory descriptor of `path`; absent: relative to the working directory. */
  readonly dir?: ArgumentIndex | undefined;
  readonly path?: ArgumentIndex | undefined;
  readonly dir2?: ArgumentIndex | undefined;
  readonly path2?: ArgumentIndex | undefined;
  /** Flags of `open(2)`, or the pointer to `struct open_how`. */
  readonly openflags?: ArgumentIndex | undefined;
  /** Pointer to a `struct sockaddr`; its length is the next argument. */
  readonly address?: ArgumentIndex | undefined;
  /** `LANDLOCK_ACCESS_FS_*` that the call needs on `path`. */
  readonly access?: number | undefined;
  /** The same for `path2`. */
  readonly access2?: number | undefined;
}

/** How an allowed call is watched so that a refusal by the kernel can be explained. */
export interface Watch extends Arguments {
  /** `default`: always; `all`: only where everything is explained, because programs make the call all the time. */
  readonly level: "default" | "all";
  /** Watch only if one of these tests holds; absent: always. */
  readonly when?: readonly Test[] | undefined;
}

/** One row of the table. */
export interface Syscall {
  readonly number: number;
  readonly name: string;
  readonly action: Action;
  /** Why it is refused, to follow the name: (setns) `would join another namespace`, (chmod) `with a set-user-ID bit would ...`. */
  readonly reason?: string | undefined;
  readonly watch?: Watch | undefined;
  /**
   * When a refusal is reported. Absent: always. `all`: only where everything is explained, since programs
   * that make the call have another way. `never`: the other way is as good, and allowing the call is not advised.
   */
  readonly report?: "all" | "never" | undefined;
}
