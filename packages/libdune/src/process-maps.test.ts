import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { DuneError } from "./errors.js";
import { parseProcMaps, readProcMaps } from "./process-maps.js";
import type { ProcessMapping } from "./process-maps.js";

/** Prints a mapping with the format string of the kernel's show_vma_header_prefix(), and its padding of the name. */
function print(mapping: ProcessMapping): string {
  const pad = (value: bigint | number, width: number) => value.toString(16).padStart(width, "0");
  const flags = [mapping.read ? "r" : "-", mapping.write ? "w" : "-", mapping.execute ? "x" : "-", mapping.shared ? "s" : "p"].join("");
  const { major, minor } = mapping.device;
  const head = `${pad(mapping.start, 8)}-${pad(mapping.end, 8)} ${flags} ${pad(mapping.offset, 8)} ${pad(major, 2)}:${pad(minor, 2)} ${mapping.inode.toString()} `;
  return mapping.name === undefined ? head : `${head.padEnd(73)}${mapping.name}`;
}

const u64 = 0xffff_ffff_ffff_ffffn;
const name = fc.oneof(
  fc.constantFrom("[heap]", "[stack]", "[vdso]", "[anon: a b ]", "/memfd:x (deleted)", "/dir with  spaces/a\\012b", "/ü/文", "/carriage\rreturn", "/line\u2028separator"),
  fc.string({ minLength: 1 }).map((text) => `/${text.replace(/\n/g, "")}`),
);
const mapping: fc.Arbitrary<ProcessMapping> = fc
  .record({
    start: fc.bigInt({ min: 0n, max: u64 - 1n }),
    size: fc.bigInt({ min: 1n, max: u64 }),
    read: fc.boolean(), write: fc.boolean(), execute: fc.boolean(), shared: fc.boolean(),
    offset: fc.bigInt({ min: 0n, max: u64 }),
    device: fc.record({ major: fc.nat(0xfff), minor: fc.nat(0xfffff) }),
    inode: fc.bigInt({ min: 0n, max: u64 }),
    name: fc.option(name, { nil: undefined }),
  })
  .map(({ size, name, ...rest }) => {
    const end = rest.start + size > u64 ? u64 : rest.start + size;
    return { ...rest, end, ...(name === undefined ? {} : { name }) };
  });

describe("parseProcMaps", () => {
  it("returns what the kernel's format was printed from", () => {
    fc.assert(fc.property(fc.array(mapping), (mappings) => {
      expect(parseProcMaps(mappings.map((entry) => `${print(entry)}\n`).join(""))).toEqual(mappings);
    }));
  });

  it("names the line it cannot read", () => {
    const good = "00400000-00401000 r-xp 00000000 08:02 173521 /usr/bin/dbus-daemon\n";
    expect(() => parseProcMaps(`${good}nonsense\n`)).toThrow(/^line 2 /);
    expect(() => parseProcMaps("00401000-00400000 r-xp 00000000 08:02 1 /x\n")).toThrow(/ends before it starts/);
  });

  it("throws nothing but DuneError on any text", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      try {
        parseProcMaps(text);
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_DUNE_MAPS_INVALID" });
      }
    }));
  });
});

describe("readProcMaps", () => {
  beforeEach(({ skip }) => { skip(process.platform !== "linux", "only Linux has /proc/PID/maps"); });

  it("finds this process's own stack and program, in the order of addresses", () => {
    const mappings = readProcMaps();
    const stack = mappings.find((entry) => entry.name === "[stack]");
    expect(stack).toMatchObject({ read: true, write: true, shared: false, inode: 0n });
    expect(mappings.some((entry) => entry.name === process.execPath && entry.execute)).toBe(true);
    for (const [index, entry] of mappings.entries()) {
      expect(entry.start).toBeGreaterThanOrEqual(mappings[index - 1]?.end ?? 0n);
    }
    expect(readProcMaps(process.pid).some((entry) => entry.start === stack?.start)).toBe(true);
  });

  it("keeps the system's error for a process that does not exist", () => {
    // One above the largest pid_max that Linux accepts (4 Mi).
    expect(() => readProcMaps(4_194_305)).toThrow(expect.objectContaining({
      code: "ERR_DUNE_MAPS_UNREADABLE",
      cause: expect.objectContaining({ code: "ENOENT" }) as unknown,
    }) as Error);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses %s as a process id", (pid) => {
    expect(() => readProcMaps(pid)).toThrow(DuneError);
  });
});
