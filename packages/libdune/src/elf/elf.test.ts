import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DuneError } from "../errors.js";
import { readElf } from "./elf.js";

/** The code of the DuneError that `action` throws; fails on any other outcome. */
function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DuneError) return error.code;
    throw error;
  }
  throw new Error("nothing was thrown");
}

interface Shape {
  bits: 32 | 64;
  little: boolean;
  machine: number;
  type: number;
  entry: bigint;
  interpreter: string;
  needed: string[];
}

/** Writes a small ELF file after elf(5): header, three program headers, interpreter, dynamic section, names. */
function build(shape: Shape): Uint8Array {
  const wide = shape.bits === 64;
  const header = wide ? 64 : 52;
  const phdr = wide ? 56 : 32;
  const word = wide ? 8 : 4;
  const encoder = new TextEncoder();
  const interpreter = encoder.encode(`${shape.interpreter}\0`);
  const names = encoder.encode(`\0${shape.needed.map((name) => `${name}\0`).join("")}`);
  const dynamicSize = (shape.needed.length + 3) * 2 * word;
  const interpAt = header + 3 * phdr;
  const dynamicAt = interpAt + interpreter.length;
  const namesAt = dynamicAt + dynamicSize;
  const total = namesAt + names.length;
  const base = 0x400000;

  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const u16 = (at: number, value: number) => { view.setUint16(at, value, shape.little); };
  const u32 = (at: number, value: number) => { view.setUint32(at, value, shape.little); };
  const address = (at: number, value: bigint | number) => {
    if (wide) view.setBigUint64(at, BigInt(value), shape.little);
    else u32(at, Number(value));
  };
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, shape.little ? 1 : 2, 1]);
  u16(16, shape.type);
  u16(18, shape.machine);
  u32(20, 1);
  address(24, shape.entry);
  address(wide ? 32 : 28, header);
  u16(wide ? 54 : 42, phdr);
  u16(wide ? 56 : 44, 3);
  const segment = (index: number, type: number, offset: number, size: number) => {
    const at = header + index * phdr;
    u32(at, type);
    u32(at + (wide ? 4 : 24), 5);
    address(at + (wide ? 8 : 4), offset);
    address(at + (wide ? 16 : 8), base + offset);
    address(at + (wide ? 32 : 16), size);
    address(at + (wide ? 40 : 20), size);
  };
  segment(0, 3, interpAt, interpreter.length);
  segment(1, 1, 0, total);
  segment(2, 2, dynamicAt, dynamicSize);
  bytes.set(interpreter, interpAt);
  let at = dynamicAt;
  const entry = (tag: number, value: number) => {
    address(at, tag);
    address(at + word, value);
    at += 2 * word;
  };
  let name = 1;
  for (const library of shape.needed) {
    entry(1, name);
    name += encoder.encode(library).length + 1;
  }
  entry(5, base + namesAt);
  entry(10, names.length);
  bytes.set(names, namesAt);
  return bytes;
}

const word = fc.string({ unit: fc.constantFrom("a", "b", "z", "0", "9", "/", ".", "-"), minLength: 1, maxLength: 20 });
const shapes: fc.Arbitrary<Shape> = fc.record({
  bits: fc.constantFrom(32, 64),
  little: fc.boolean(),
  machine: fc.constantFrom(3, 40, 62, 183, 243),
  type: fc.constantFrom(2, 3),
  entry: fc.bigInt({ min: 0n, max: 0xffffffffn }),
  interpreter: word,
  needed: fc.array(word, { maxLength: 5 }),
});

const typical: Shape = {
  bits: 64, little: true, machine: 62, type: 3, entry: 0x1040n, interpreter: "/lib64/ld-linux-x86-64.so.2", needed: ["libm.so.6", "libc.so.6"],
};

describe("readElf on a well-formed file", () => {
  it("returns what was written, in every class and byte order", () => {
    const machine: Record<number, string> = { 3: "i386", 40: "arm", 62: "x86-64", 183: "aarch64", 243: "riscv" };
    fc.assert(fc.property(shapes, (shape) => {
      const file = readElf(build(shape));
      expect(file).toMatchObject({
        class: shape.bits,
        byteOrder: shape.little ? "little" : "big",
        machine: machine[shape.machine],
        machineNumber: shape.machine,
        type: shape.type === 2 ? "executable" : "shared",
        entry: shape.entry,
        interpreter: shape.interpreter,
        needed: shape.needed,
      });
      expect(file.segments.map(({ type, read, write, execute }) => [type, read, write, execute])).toEqual(
        ["interp", "load", "dynamic"].map((type) => [type, true, false, true]),
      );
    }));
  });

  it("gives a machine without a name its number", () => {
    expect(readElf(build({ ...typical, machine: 4242 })).machine).toBe("unknown (4242)");
  });

  it("has no interpreter and no libraries where there are no program headers", () => {
    const bytes = build(typical);
    new DataView(bytes.buffer).setUint16(56, 0, true);
    const file = readElf(bytes);
    expect(file).not.toHaveProperty("interpreter");
    expect(file).toMatchObject({ needed: [], segments: [] });
  });

  it("reads bytes that start in the middle of a larger buffer", () => {
    const file = build(typical);
    const larger = new Uint8Array(file.length + 7);
    larger.set(file, 7);
    expect(readElf(larger.subarray(7)).needed).toEqual(typical.needed);
  });
});

describe("readElf on a bad file", () => {
  it("says that text is not ELF", () => {
    expect(codeOf(() => readElf(new TextEncoder().encode("#!/bin/sh\n")))).toBe("ERR_DUNE_ELF_NOT_ELF");
    expect(codeOf(() => readElf(new Uint8Array()))).toBe("ERR_DUNE_ELF_NOT_ELF");
  });

  it("refuses every cut of a file before its last needed byte", () => {
    const bytes = build(typical);
    for (let length = 4; length < bytes.length; length++) {
      expect(codeOf(() => readElf(bytes.subarray(0, length)))).toMatch(/^ERR_DUNE_ELF_(TRUNCATED|INVALID)$/);
    }
  });

  it.each([
    ["class", 4, 3],
    ["byte order", 5, 0],
    ["version", 20, 9],
    ["size of a program header", 54, 55],
    ["unterminated interpreter", 64 + 3 * 56 + typical.interpreter.length, 0x41],
    ["empty interpreter", 64 + 3 * 56, 0],
  ])("names a wrong %s", (_what, offset, value) => {
    const bytes = build(typical);
    bytes[offset] = value;
    expect(codeOf(() => readElf(bytes))).toBe("ERR_DUNE_ELF_INVALID");
  });

  it("refuses offsets that wrap round 64 bits", () => {
    const bytes = build(typical);
    new DataView(bytes.buffer).setBigUint64(64 + 8, 0xffff_ffff_ffff_fff0n, true);
    expect(codeOf(() => readElf(bytes))).toBe("ERR_DUNE_ELF_TRUNCATED");
  });

  it("returns a file or throws a DuneError, whatever bytes are changed", () => {
    const change = fc.tuple(fc.nat(2000), fc.nat(255));
    fc.assert(fc.property(shapes, fc.array(change, { minLength: 1, maxLength: 12 }), fc.nat(2000), (shape, changes, cut) => {
      const bytes = build(shape);
      for (const [offset, value] of changes) bytes[offset % bytes.length] = value;
      const input = cut % 4 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
      try {
        readElf(input);
      } catch (error) {
        expect(error).toBeInstanceOf(DuneError);
      }
    }), { numRuns: 2000 });
  });
});

describe("readElf on a path", () => {
  let folder: string;
  beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "dune-elf-")); });
  afterAll(() => { rmSync(folder, { recursive: true }); });

  it("reads the same from a path as from the file's bytes", () => {
    const path = join(folder, "file");
    const bytes = build(typical);
    writeFileSync(path, bytes);
    expect(readElf(path)).toEqual(readElf(bytes));
  });

  it("reads a real program as readelf(1) does", ({ skip }) => {
    let dump: string;
    try {
      dump = execFileSync("readelf", ["-hld", process.execPath], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
    } catch {
      return skip("readelf (binutils) is not installed");
    }
    const file = readElf(process.execPath);
    expect(file.entry).toBe(BigInt(/Entry point address:\s+(0x[0-9a-f]+)/.exec(dump)?.[1] ?? -1));
    expect(file.interpreter).toBe(/program interpreter: (.*)\]/.exec(dump)?.[1]);
    expect(file.needed).toEqual([...dump.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]));
    expect(file.segments).toHaveLength(Number(/Number of program headers:\s+(\d+)/.exec(dump)?.[1]));
    expect(readElf(readFileSync(process.execPath))).toEqual(file);
  });

  it("does not open what is not a regular file", () => {
    expect(codeOf(() => readElf(folder))).toBe("ERR_DUNE_ELF_UNREADABLE");
    expect(codeOf(() => readElf("/dev/null"))).toBe("ERR_DUNE_ELF_UNREADABLE");
  });

  it("does not wait for a pipe's other end", ({ skip }) => {
    const pipe = join(folder, "pipe");
    try {
      execFileSync("mkfifo", [pipe]);
    } catch {
      return skip("mkfifo is not installed");
    }
    expect(codeOf(() => readElf(pipe))).toBe("ERR_DUNE_ELF_UNREADABLE");
  });

  it("keeps the system's error as the cause", () => {
    const path = join(folder, "missing");
    expect(() => readElf(path)).toThrow(expect.objectContaining({
      code: "ERR_DUNE_ELF_UNREADABLE",
      cause: expect.objectContaining({ code: "ENOENT" }) as unknown,
    }) as Error);
  });
});
