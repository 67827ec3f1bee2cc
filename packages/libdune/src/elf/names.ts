/** Names for the numbers of elf(5) and <linux/elf-em.h>. Only what a Linux user is likely to meet has a name. */

const machines: Readonly<Record<number, string>> = {
  2: "sparc", // EM_SPARC
  3: "i386", // EM_386
  4: "m68k", // EM_68K
  8: "mips", // EM_MIPS
  15: "parisc", // EM_PARISC
  20: "ppc", // EM_PPC
  21: "ppc64", // EM_PPC64
  22: "s390", // EM_S390
  40: "arm", // EM_ARM
  42: "sh", // EM_SH
  43: "sparcv9", // EM_SPARCV9
  50: "ia64", // EM_IA_64
  62: "x86-64", // EM_X86_64
  183: "aarch64", // EM_AARCH64
  243: "riscv", // EM_RISCV; 32 or 64 bit by the file's class
  247: "bpf", // EM_BPF
  258: "loongarch", // EM_LOONGARCH
};

/** The name of an e_machine; `unknown (n)` where we have none. */
export function machineName(number: number): string {
  return machines[number] ?? `unknown (${number})`;
}

/** What kind of file it is: e_type. A position-independent executable is `shared` too. */
export type ElfType = "none" | "relocatable" | "executable" | "shared" | "core" | "unknown";

const types: readonly ElfType[] = ["none", "relocatable", "executable", "shared", "core"];

export function typeName(number: number): ElfType {
  return types[number] ?? "unknown";
}

/** What a program header describes: p_type. */
export type SegmentType =
  | "null" | "load" | "dynamic" | "interp" | "note" | "shlib" | "phdr" | "tls"
  | "gnu-eh-frame" | "gnu-stack" | "gnu-relro" | "gnu-property" | "unknown";

const standardSegments: readonly SegmentType[] = [
  "null", "load", "dynamic", "interp", "note", "shlib", "phdr", "tls",
];

const gnuSegments: readonly SegmentType[] = ["gnu-eh-frame", "gnu-stack", "gnu-relro", "gnu-property"];

/** PT_GNU_EH_FRAME; PT_GNU_STACK, PT_GNU_RELRO and PT_GNU_PROPERTY follow it. */
const PT_GNU_EH_FRAME = 0x6474e550;

export function segmentName(number: number): SegmentType {
  return standardSegments[number] ?? gnuSegments[number - PT_GNU_EH_FRAME] ?? "unknown";
}
