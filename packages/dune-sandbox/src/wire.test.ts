import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasCompiler, runNative } from "./testing/native.js";
import { ReportReader } from "./wire.js";
import type { Report } from "./wire.js";

/** What `native/test/reports.c` sends, field by field. */
const SENT: readonly Report[] = [
  { type: "started", pid: 70_001 - 1, landlockAbi: 6 },
  {
    type: "denied",
    denial: {
      pid: 70_001, number: 257, error: 13, access: 1 << 15, access2: 1 << 2, args: [0n, 1n, 2n, 3n, 0x7fff_ffff_ffffn, 2n ** 64n - 1n],
      path: "/srv/a\nb", path2: "/srv/second", address: undefined,
    },
  },
  {
    type: "denied",
    denial: {
      pid: 70_001, number: 257, error: 13, access: 1 << 15, access2: 1 << 2, args: [0n, 1n, 2n, 3n, 0x7fff_ffff_ffffn, 2n ** 64n - 1n],
      path: "", path2: "", address: Buffer.from([2, 0, 443 >> 8, 443 & 0xff, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0]),
    },
  },
  { type: "lookup", name: "evil.example" },
  { type: "limit", limit: "wall", value: 1001 },
  { type: "limit", limit: "cpu", value: 1002 },
  { type: "limit", limit: "memory", value: 1003 },
  { type: "limit", limit: "disk", value: 1004 },
  { type: "limit", limit: "processes", value: 1005 },
  { type: "change", change: { kind: "created", size: 11, path: "/w/new" } },
  { type: "change", change: { kind: "modified", size: 12, path: "/w/old" } },
  { type: "change", change: { kind: "deleted", size: 0, path: "/w/gone" } },
  { type: "change", change: { kind: "replaced", size: 0, path: "/w/dir" } },
  { type: "dropped", count: 12_345 },
  { type: "stopped" },
  { type: "exit", status: 0x0700, usage: { tasks: 3, wall: 1_000_001, cpu: 900_002, memory: 5 * 2 ** 32, written: 6 * 2 ** 32 } },
  { type: "done" },
  { type: "failed", layer: "landlock", errno: 95, step: "landlock_restrict_self here" },
];

/** A report by hand. */
function report(type: number, arg: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(type, 0);
  head.writeUInt16LE(arg, 2);
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data]);
}

describe.skipIf(!hasCompiler("gcc"))(`reports as the jail sends them${hasCompiler("gcc") ? "" : " (skipped: there is no gcc; apt-get install gcc)"}`, () => {
  test("every report is understood as it was meant", () => {
    expect(new ReportReader().push(runNative("reports", ["report"]))).toEqual(SENT);
  });

  test("it does not matter where the stream is cut", () => {
    const bytes = runNative("reports", ["report"]);
    fc.assert(fc.property(fc.array(fc.nat(bytes.length), { maxLength: 60 }), (cuts) => {
      const reader = new ReportReader();
      const ends = [...cuts.sort((a, b) => a - b), bytes.length];
      const reports = ends.flatMap((end, index) => reader.push(bytes.subarray(ends[index - 1] ?? 0, end)));
      expect(reports).toEqual(SENT);
    }));
  });
});

test("a report waits until it is complete", () => {
  const reader = new ReportReader();
  const bytes = report(4, 0, Buffer.from("name\0"));
  expect(reader.push(bytes.subarray(0, 3))).toEqual([]);
  expect(reader.push(bytes.subarray(3, -1))).toEqual([]);
  expect(reader.push(bytes.subarray(-1))).toEqual([{ type: "lookup", name: "name" }]);
});

test("a step that failed outside any layer has none", () => {
  expect(new ReportReader().push(report(2, 0xffff, Buffer.from("\x02\0\0\0execve /x\0")))).toEqual([{ type: "failed", layer: undefined, errno: 2, step: "execve /x" }]);
});

test("what another version of the helper might send is refused, not guessed", () => {
  expect(() => new ReportReader().push(report(11, 0))).toThrow(/unknown type 11/);
  expect(() => new ReportReader().push(report(5, 7, Buffer.alloc(8)))).toThrow(RangeError);
  expect(() => new ReportReader().push(report(6, 0, Buffer.alloc(9)))).toThrow(RangeError);
});
