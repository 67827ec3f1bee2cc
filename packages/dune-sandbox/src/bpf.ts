/**
 * An assembler for classic BPF, as seccomp runs it (`seccomp(2)`, `linux/filter.h`).
 *
 *      struct sock_filter      0      2    3    4            8
 *                              +------+----+----+------------+
 *                              | code | jt | jf | k          |
 *                              +------+----+----+------------+
 *
 * Jumps only go forward. A conditional jump reaches 255 instructions (`jt` and `jf` are bytes); a
 * farther target gets an unconditional jump, with a 32-bit distance, right behind it.
 */

/** Operation codes: the class, the size or operator, and the operand K. */
export const BPF = {
  LOAD_WORD: 0x20, // BPF_LD | BPF_W | BPF_ABS: A = 32 bits at offset k of struct seccomp_data
  AND: 0x54, // BPF_ALU | BPF_AND | BPF_K: A &= k
  JUMP: 0x05, // BPF_JMP | BPF_JA: forward by k
  IF_EQUAL: 0x15, // BPF_JMP | BPF_JEQ | BPF_K: A == k
  IF_AT_LEAST: 0x35, // BPF_JMP | BPF_JGE | BPF_K: A >= k, unsigned
  IF_ANY_BIT: 0x45, // BPF_JMP | BPF_JSET | BPF_K: A & k
  RETURN: 0x06, // BPF_RET | BPF_K
} as const;

/** Bytes of one instruction. */
export const INSTRUCTION_SIZE = 8;
/** BPF_MAXINSNS: the kernel takes no longer program. */
export const MOST_INSTRUCTIONS = 4096;

const FARTHEST = 255;

export type Condition = "equal" | "at-least" | "any-bit";

const CONDITION_CODE: Readonly<Record<Condition, number>> = {
  equal: BPF.IF_EQUAL,
  "at-least": BPF.IF_AT_LEAST,
  "any-bit": BPF.IF_ANY_BIT,
};

/** A place in the program that jumps can name before it is reached. */
export class Label {
  /** Index of the item that follows; undefined until placed. */
  item: number | undefined;
}

/** Where a branch goes; absent: to the next instruction. */
export interface Targets {
  readonly yes?: Label | undefined;
  readonly no?: Label | undefined;
}

interface Plain {
  readonly code: number;
  readonly k: number;
  readonly targets?: undefined;
}

interface Branch {
  readonly code: number;
  readonly k: number;
  readonly targets: Targets;
  /** A target that is out of reach and needs a jump of its own. */
  farYes: boolean;
  farNo: boolean;
}

type Item = Plain | Branch;

/** Collects instructions, then lays them out. */
export class Assembler {
  readonly #items: Item[] = [];

  /** A = the 32-bit word at `offset` of `struct seccomp_data`. */
  load(offset: number): void {
    this.#items.push({ code: BPF.LOAD_WORD, k: offset });
  }

  /** A &= `mask` */
  and(mask: number): void {
    this.#items.push({ code: BPF.AND, k: mask });
  }

  /** Compares A with `k` and goes on at `targets`. */
  branch(condition: Condition, k: number, targets: Targets): void {
    this.#items.push({ code: CONDITION_CODE[condition], k, targets, farYes: false, farNo: false });
  }

  /** Ends the program with `value`. */
  return(value: number): void {
    this.#items.push({ code: BPF.RETURN, k: value });
  }

  /** Puts `label` before the next instruction. */
  place(label: Label): void {
    if (label.item !== undefined) throw new RangeError("a BPF label is placed once");
    label.item = this.#items.length;
  }

  /**
   * The program as `struct sock_filter[]`, little-endian.
   *
   * @throws {RangeError} for a jump to a label that is not placed or lies behind, and beyond 4096 instructions
   */
  assemble(): Uint8Array {
    let starts = this.#starts();
    // Making room for one far jump can push another target out of reach; it only ever grows, so this ends.
    while (this.#extend(starts)) starts = this.#starts();
    const length = starts[this.#items.length] ?? 0;
    if (length > MOST_INSTRUCTIONS) throw new RangeError(`a BPF program of ${length} instructions; at most ${MOST_INSTRUCTIONS} are possible`);

    const writer = new Writer(length);
    this.#items.forEach((item, index) => {
      if (item.targets === undefined) writer.put(item.code, 0, 0, item.k);
      else writeBranch(writer, item, (label) => distance(starts, index, label));
    });
    return writer.bytes;
  }

  /** Position of every item's first instruction, and the program's length at the end. */
  #starts(): readonly number[] {
    const starts = [0];
    let position = 0;
    for (const item of this.#items) starts.push((position += sizeOf(item)));
    return starts;
  }

  /** Marks the targets that are out of reach; true if that made any branch longer. */
  #extend(starts: readonly number[]): boolean {
    let changed = false;
    this.#items.forEach((item, index) => {
      if (item.targets === undefined) return;
      const { yes, no } = item.targets;
      const farYes = item.farYes || (yes !== undefined && distance(starts, index, yes) > FARTHEST);
      const farNo = item.farNo || (no !== undefined && distance(starts, index, no) > FARTHEST);
      changed ||= farYes !== item.farYes || farNo !== item.farNo;
      item.farYes = farYes;
      item.farNo = farNo;
    });
    return changed;
  }
}

function sizeOf(item: Item): number {
  return item.targets === undefined ? 1 : 1 + Number(item.farYes) + Number(item.farNo);
}

/** Instructions between the first one of item `index` and `label`, as a jump there counts them. */
function distance(starts: readonly number[], index: number, label: Label): number {
  const target = label.item === undefined ? undefined : starts[label.item];
  if (target === undefined) throw new RangeError("a BPF jump to a label that was never placed");
  const hops = target - (starts[index] ?? 0) - 1;
  if (hops < 0) throw new RangeError("a BPF jump can only go forward");
  return hops;
}

function writeBranch(writer: Writer, branch: Branch, distanceTo: (label: Label) => number): void {
  const { targets: { yes, no }, farYes, farNo } = branch;
  const extra = Number(farYes) + Number(farNo);
  const near = (label: Label | undefined): number => (label === undefined ? extra : distanceTo(label));
  writer.put(branch.code, farYes ? 0 : near(yes), farNo ? Number(farYes) : near(no), branch.k);
  if (farYes && yes !== undefined) writer.put(BPF.JUMP, 0, 0, distanceTo(yes) - 1);
  if (farNo && no !== undefined) writer.put(BPF.JUMP, 0, 0, distanceTo(no) - extra);
}

class Writer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(instructions: number) {
    this.bytes = new Uint8Array(instructions * INSTRUCTION_SIZE);
    this.#view = new DataView(this.bytes.buffer);
  }

  put(code: number, jt: number, jf: number, k: number): void {
    this.#view.setUint16(this.#offset, code, true);
    this.#view.setUint8(this.#offset + 2, jt);
    this.#view.setUint8(this.#offset + 3, jf);
    this.#view.setUint32(this.#offset + 4, k >>> 0, true);
    this.#offset += INSTRUCTION_SIZE;
  }
}
