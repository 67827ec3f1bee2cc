import { expect, test } from "vitest";
import { DenialLog, type Denial } from "./denial.js";

function denial(rest: Partial<Denial> = {}): Denial {
  return { kind: "read", syscall: "openat", path: "/srv/a", pid: 1, rule: "default policy", count: 1, time: 0, ...rest };
}

test("the same denial again is counted, not repeated, and the first try is kept", () => {
  const log = new DenialLog();
  expect(log.add(denial({ time: 1, pid: 10 }))).toBe(true);
  expect(log.add(denial({ time: 2, pid: 20 }))).toBe(false);
  expect(log.denials).toEqual([denial({ time: 1, pid: 10, count: 2 })]);
});

test("which call tried does not matter where a path or an address was refused", () => {
  const log = new DenialLog();
  log.add(denial({ syscall: "open" }));
  log.add(denial({ syscall: "openat" }));
  expect(log.denials).toHaveLength(1);
});

test("kinds, paths, addresses and system calls are told apart", () => {
  const log = new DenialLog();
  const different = [
    denial(), denial({ kind: "write" }), denial({ path: "/srv/b" }),
    denial({ kind: "connect", path: undefined, address: "192.0.2.1:80" }),
    denial({ kind: "syscall", path: undefined, syscall: "bpf" }), denial({ kind: "syscall", path: undefined, syscall: "setns" }),
  ];
  expect(different.map((item) => log.add(item))).toEqual(different.map(() => true));
});

test("a program that invents paths fills no memory: a thousand are kept, the rest is counted", () => {
  const log = new DenialLog();
  for (let index = 0; index < 5000; index += 1) log.add(denial({ path: `/srv/${index}` }));
  log.drop(7);
  expect(log.denials).toHaveLength(1000);
  expect(log.dropped).toBe(4007);
  expect(log.add(denial({ path: "/srv/3" }))).toBe(false);
  expect(log.dropped).toBe(4007);
});
