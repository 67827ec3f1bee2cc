import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Assembler, INSTRUCTION_SIZE, Label, MOST_INSTRUCTIONS } from "./bpf.js";
import { runFilter } from "./bpf-machine.js";

const run = (filter: Uint8Array, nr: number): number => runFilter(filter, { nr, arch: 0, args: [] }).value;

/** `nr` compared with `k`; 1 for yes, 2 for no, each behind as many instructions as asked. */
function program(condition: "equal" | "at-least" | "any-bit", k: number, beforeYes: number, beforeNo: number): Uint8Array {
  const assembler = new Assembler();
  const yes = new Label();
  const no = new Label();
  const fill = (count: number): void => { for (let index = 0; index < count; index += 1) assembler.return(99); };
  assembler.load(0);
  assembler.branch(condition, k, { yes, no });
  fill(beforeYes);
  assembler.place(yes);
  assembler.return(1);
  fill(beforeNo);
  assembler.place(no);
  assembler.return(2);
  return assembler.assemble();
}

const word = fc.oneof(fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff), fc.nat(0xffff_ffff));

test("an instruction is eight bytes: code, two jumps, operand, little-endian", () => {
  const assembler = new Assembler();
  assembler.return(0x7fff_0000);
  expect([...assembler.assemble()]).toEqual([0x06, 0, 0, 0, 0x00, 0x00, 0xff, 0x7f]);
});

describe("branches", () => {
  test("compare unsigned 32-bit words, whatever the distance of the targets", () => {
    const distance = fc.oneof(fc.nat(3), fc.integer({ min: 250, max: 260 }), fc.nat(900));
    fc.assert(fc.property(word, word, distance, distance, (nr, k, beforeYes, beforeNo) => {
      expect(run(program("equal", k, beforeYes, beforeNo), nr)).toBe(nr === k ? 1 : 2);
      expect(run(program("at-least", k, beforeYes, beforeNo), nr)).toBe(nr >= k ? 1 : 2);
      expect(run(program("any-bit", k, beforeYes, beforeNo), nr)).toBe((BigInt(nr) & BigInt(k)) !== 0n ? 1 : 2);
    }), { numRuns: 60 });
  });

  test("without a target go on with the next instruction, also when the other target is far", () => {
    fc.assert(fc.property(fc.nat(600), fc.boolean(), (distance, fallThroughOnYes) => {
      const assembler = new Assembler();
      const far = new Label();
      assembler.load(0);
      assembler.branch("equal", 7, fallThroughOnYes ? { no: far } : { yes: far });
      assembler.return(1);
      for (let index = 0; index < distance; index += 1) assembler.return(99);
      assembler.place(far);
      assembler.return(2);
      const filter = assembler.assemble();
      expect(run(filter, 7)).toBe(fallThroughOnYes ? 1 : 2);
      expect(run(filter, 8)).toBe(fallThroughOnYes ? 2 : 1);
    }));
  });

  test("stay short where the target is 255 instructions away, and no farther", () => {
    const instructions = (beforeNo: number): number => program("equal", 1, 0, beforeNo).length / INSTRUCTION_SIZE;
    expect(instructions(254)).toBe(254 + 4); // load, branch, two returns
    expect(instructions(255)).toBe(255 + 5); // and one jump
  });

  test("a far jump that pushes another target out of reach makes that one far too", () => {
    const assembler = new Assembler();
    const [first, second, end] = [new Label(), new Label(), new Label()];
    assembler.load(0);
    assembler.branch("equal", 1, { yes: first });
    assembler.branch("equal", 2, { yes: second });
    for (let index = 0; index < 254; index += 1) assembler.branch("equal", 1000 + index, { yes: end });
    assembler.place(first);
    assembler.return(1);
    assembler.place(second);
    assembler.return(2);
    for (let index = 0; index < 300; index += 1) assembler.return(99);
    assembler.place(end);
    assembler.return(3);
    const filter = assembler.assemble();
    expect([1, 2, 1000, 1253].map((nr) => run(filter, nr))).toEqual([1, 2, 3, 3]);
  });
});

test("AND masks the accumulator without a sign", () => {
  fc.assert(fc.property(word, word, (nr, mask) => {
    const assembler = new Assembler();
    const same = new Label();
    assembler.load(0);
    assembler.and(mask);
    assembler.branch("equal", Number(BigInt(nr) & BigInt(mask)), { yes: same });
    assembler.return(0);
    assembler.place(same);
    assembler.return(1);
    expect(run(assembler.assemble(), nr)).toBe(1);
  }));
});

describe("mistakes that no filter may carry into the kernel", () => {
  test("a label that was never placed", () => {
    const assembler = new Assembler();
    assembler.branch("equal", 1, { yes: new Label() });
    expect(() => assembler.assemble()).toThrow("never placed");
  });

  test("a jump backwards", () => {
    const assembler = new Assembler();
    const start = new Label();
    assembler.place(start);
    assembler.branch("equal", 1, { yes: start });
    expect(() => assembler.assemble()).toThrow("only go forward");
  });

  test("a label placed twice", () => {
    const assembler = new Assembler();
    const label = new Label();
    assembler.place(label);
    expect(() => { assembler.place(label); }).toThrow("placed once");
  });

  test("more instructions than the kernel takes", () => {
    const assembler = new Assembler();
    for (let index = 0; index < MOST_INSTRUCTIONS; index += 1) assembler.return(0);
    expect(assembler.assemble().length).toBe(MOST_INSTRUCTIONS * INSTRUCTION_SIZE);
    assembler.return(0);
    expect(() => assembler.assemble()).toThrow("at most 4096");
  });
});
