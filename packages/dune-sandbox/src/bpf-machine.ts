/**
 * A machine that runs what the assembler writes, for the tests: it is strict where the kernel's
 * checker is, and knows which verdicts the kernel can cache.
 */

import { BPF, INSTRUCTION_SIZE } from "./bpf.js";

/** `struct seccomp_data` */
export interface SeccompData {
  readonly nr: number;
  readonly arch: number;
  /** The six arguments, as unsigned 64-bit numbers. */
  readonly args: readonly bigint[];
}

export interface Run {
  /** What the program returned. */
  readonly value: number;
  /** Instructions executed. */
  readonly steps: number;
}

const NR_OFFSET = 0;
const ARCH_OFFSET = 4;
const DATA_SIZE = 64;

/** Runs `filter`; throws where the kernel would have refused to load it. */
export function runFilter(filter: Uint8Array, data: SeccompData): Run {
  const words = new DataView(new ArrayBuffer(DATA_SIZE));
  words.setUint32(NR_OFFSET, data.nr, true);
  words.setUint32(ARCH_OFFSET, data.arch, true);
  data.args.forEach((arg, index) => { words.setBigUint64(16 + 8 * index, arg, true); });
  return interpret(filter, (offset) => words.getUint32(offset, true));
}

class Unknown extends Error {}

/**
 * Whether the kernel (5.11 and later, `seccomp_cache_prepare`) allows this call without running the
 * filter: it must reach SECCOMP_RET_ALLOW looking at nothing but the number and the architecture.
 */
export function isCached(filter: Uint8Array, nr: number, arch: number): boolean {
  try {
    const { value } = interpret(filter, (offset) => {
      if (offset === NR_OFFSET) return nr;
      if (offset === ARCH_OFFSET) return arch;
      throw new Unknown();
    });
    return value === 0x7fff_0000;
  } catch (error) {
    if (error instanceof Unknown) return false;
    throw error;
  }
}

function interpret(filter: Uint8Array, load: (offset: number) => number): Run {
  const view = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const length = filter.byteLength / INSTRUCTION_SIZE;
  let a = 0;
  let steps = 0;
  for (let pc = 0; ;) {
    if (!Number.isInteger(length) || pc >= length) throw new RangeError(`the program runs past its end at ${pc}`);
    const at = pc * INSTRUCTION_SIZE;
    const code = view.getUint16(at, true);
    const k = view.getUint32(at + 4, true);
    const branch = (condition: boolean) => 1 + view.getUint8(at + (condition ? 2 : 3));
    steps += 1;
    switch (code) {
      case BPF.LOAD_WORD:
        if (k % 4 !== 0 || k >= DATA_SIZE) throw new RangeError(`a load from offset ${k}`);
        a = load(k);
        pc += 1;
        break;
      case BPF.AND: a = (a & k) >>> 0; pc += 1; break;
      case BPF.JUMP: pc += 1 + k; break;
      case BPF.IF_EQUAL: pc += branch(a === k); break;
      case BPF.IF_AT_LEAST: pc += branch(a >= k); break;
      case BPF.IF_ANY_BIT: pc += branch((a & k) !== 0); break;
      case BPF.RETURN: return { value: k, steps };
      default: throw new RangeError(`operation ${code} at ${pc}`);
    }
  }
}
