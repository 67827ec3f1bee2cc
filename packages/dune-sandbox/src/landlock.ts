/**
 * Landlock's access rights (`landlock(7)`, `linux/landlock.h`): which ones a kernel knows, and which
 * ones the policy's read, write and exec stand for.
 *
 * Everything fits in 32 bits, so plain numbers do; the kernel takes them as 64-bit masks.
 */

import type { Access } from "./policy/policy.js";

/** `LANDLOCK_ACCESS_FS_*`, each with the Landlock ABI that brought it if that is not the first. */
export const ACCESS = {
  EXECUTE: 1 << 0,
  WRITE_FILE: 1 << 1,
  READ_FILE: 1 << 2,
  READ_DIR: 1 << 3,
  REMOVE_DIR: 1 << 4,
  REMOVE_FILE: 1 << 5,
  MAKE_CHAR: 1 << 6,
  MAKE_DIR: 1 << 7,
  MAKE_REG: 1 << 8,
  MAKE_SOCK: 1 << 9,
  MAKE_FIFO: 1 << 10,
  MAKE_BLOCK: 1 << 11,
  MAKE_SYM: 1 << 12,
  /** ABI 2: link or rename a file into another directory. */
  REFER: 1 << 13,
  /** ABI 3 */
  TRUNCATE: 1 << 14,
  /** ABI 5: ioctl on a character or block device opened after the restriction. */
  IOCTL_DEV: 1 << 15,
} as const;

/** `LANDLOCK_ACCESS_NET_*`, ABI 4. They cover TCP only: not UDP, not MPTCP, not MSG_FASTOPEN. */
export const NET = { BIND_TCP: 1 << 0, CONNECT_TCP: 1 << 1 } as const;

/** `LANDLOCK_SCOPE_*`, ABI 6: no abstract unix socket and no signal leaves the sandbox. */
export const SCOPE = { ABSTRACT_UNIX_SOCKET: 1 << 0, SIGNAL: 1 << 1 } as const;

/** What a ruleset restricts: the arguments of `PLAN_LANDLOCK`. */
export interface Handled {
  readonly fs: number;
  readonly net: number;
  readonly scoped: number;
}

/** All that a kernel of Landlock ABI `abi` can restrict. ABI 7 and later add logging, and nothing of these. */
export function handledBy(abi: number): Handled {
  if (abi < 1) return { fs: 0, net: 0, scoped: 0 };
  const first = ACCESS.REFER - 1;
  const refer = abi >= 2 ? ACCESS.REFER : 0;
  const truncate = abi >= 3 ? ACCESS.TRUNCATE : 0;
  const ioctl = abi >= 5 ? ACCESS.IOCTL_DEV : 0;
  return {
    fs: first | refer | truncate | ioctl,
    net: abi >= 4 ? NET.BIND_TCP | NET.CONNECT_TCP : 0,
    scoped: abi >= 6 ? SCOPE.ABSTRACT_UNIX_SOCKET | SCOPE.SIGNAL : 0,
  };
}

/** What a rule is put on. The kernel takes a rule on a file only without the rights that are about directories. */
export type RuleTarget = "file" | "directory" | "device";

const READ_DIRECTORY = ACCESS.READ_FILE | ACCESS.READ_DIR;
const WRITE_FILE = ACCESS.WRITE_FILE | ACCESS.TRUNCATE;

// Device nodes are never made: the mounts are nodev and the program has no capability for it.
const WRITE_DIRECTORY =
  WRITE_FILE | ACCESS.REMOVE_DIR | ACCESS.REMOVE_FILE | ACCESS.MAKE_DIR | ACCESS.MAKE_REG |
  ACCESS.MAKE_SOCK | ACCESS.MAKE_FIFO | ACCESS.MAKE_SYM | ACCESS.REFER;

/**
 * The rights that a rule gives, for the newest ABI: mask the result with `handledBy(abi).fs`.
 *
 * @example
 * accessFor({ read: true, write: false, exec: true }, "directory") & handledBy(abi).fs
 */
export function accessFor({ read, write, exec }: Access, target: RuleTarget): number {
  const directory = target === "directory";
  const reading = directory ? READ_DIRECTORY : ACCESS.READ_FILE;
  const writing = directory ? WRITE_DIRECTORY : WRITE_FILE;
  const device = target === "device" && (read || write) ? ACCESS.IOCTL_DEV : 0;
  return (read ? reading : 0) | (write ? writing : 0) | (exec ? ACCESS.EXECUTE : 0) | device;
}
