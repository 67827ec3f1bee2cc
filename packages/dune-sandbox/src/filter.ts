/** The system-call table compiled to a seccomp filter. */

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
