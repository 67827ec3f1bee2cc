/**
 * Every system call that Linux on x86-64 has had up to 6.18, and what the sandbox does with it: one
 * table for the filter, the supervisor, the messages, the documentation and the tests.
 *
 * It is a list of what is allowed. A call that is not in it, or newer than it, does not exist for the
 * program: ENOSYS. The numbers are those of the kernel's `arch/x86/entry/syscalls/syscall_64.tbl`.
 */

import { FILES } from "./files.js";
import { MACHINE } from "./machine.js";
import { NETWORK } from "./network.js";
import { PROCESSES } from "./processes.js";
import type { Syscall } from "./syscall.js";

/** The table, by rising number. */
export const SYSCALLS: readonly Syscall[] = [...FILES, ...NETWORK, ...PROCESSES, ...MACHINE].sort((a, b) => a.number - b.number);

const BY_NUMBER = new Map(SYSCALLS.map((row) => [row.number, row]));
const BY_NAME = new Map(SYSCALLS.map((row) => [row.name, row]));

/** The row of a system call, if the table has it. */
export function syscallByNumber(number: number): Syscall | undefined {
  return BY_NUMBER.get(number);
}

/** The row of a system call, if the table has it. */
export function syscallByName(name: string): Syscall | undefined {
  return BY_NAME.get(name);
}

/** `openat`, or `system call 999` for one that is not in the table. */
export function syscallName(number: number): string {
  return BY_NUMBER.get(number)?.name ?? `system call ${number}`;
}
