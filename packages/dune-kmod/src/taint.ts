/** Reasons for which a kernel calls itself tainted, by bit: Documentation/admin-guide/tainted-kernels.rst. */
const reasons = [
  ["P", "proprietary module loaded"],
  ["F", "module loaded by force"],
  ["S", "kernel running on a processor or machine out of specification"],
  ["R", "module unloaded by force"],
  ["M", "machine check reported"],
  ["B", "bad page referenced"],
  ["U", "taint requested by a user"],
  ["D", "kernel died recently"],
  ["A", "ACPI table overridden"],
  ["W", "warning issued"],
  ["C", "staging driver loaded"],
  ["I", "workaround for a firmware bug applied"],
  ["O", "module from outside the kernel's tree loaded"],
  ["E", "unsigned module loaded"],
  ["L", "soft lockup occurred"],
  ["K", "kernel live patched"],
  ["X", "distribution's own reason"],
  ["T", "structure layout randomised"],
  ["N", "in-kernel test run"],
  ["J", "firmware control interface used for a mutating command"],
] as const;

/** One reason for which the kernel is tainted. */
export interface Taint {
  /** The letter that an oops prints; `?` for a bit newer than this package. */
  readonly letter: string;
  readonly reason: string;
}

/** The reasons in a value of /proc/sys/kernel/tainted, lowest bit first. */
export function taintsOf(value: bigint): Taint[] {
  const taints: Taint[] = [];
  for (let bit = 0n; value >> bit !== 0n; bit++) {
    if (((value >> bit) & 1n) === 0n) continue;
    const [letter, reason] = reasons[Number(bit)] ?? ["?", `bit ${String(bit)}`];
    taints.push({ letter, reason });
  }
  return taints;
}
