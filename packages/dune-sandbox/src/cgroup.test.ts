import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Cgroup } from "./cgroup.js";

const MIB = 1 << 20;

/** Where this host and user have none to give, that is what has to be said. */
const probe = Cgroup.open({ memory: 64 * MIB, processes: 10 });
const both = probe !== undefined && probe.enforces("memory") && probe.enforces("processes");
await probe?.[Symbol.asyncDispose]();

test("a run without limits gets no cgroup", () => {
  expect(Cgroup.open({})).toBeUndefined();
});

test("a process that is in no cgroup that could have children gets none", () => {
  expect(Cgroup.open({ memory: MIB }, "3:cpuset:/\n2:name=systemd:/user\n")).toBeUndefined();
  expect(Cgroup.open({ memory: MIB }, "4:memory:/nowhere/at/all\n")).toBeUndefined();
});

// gVisor shows an empty /proc/self/cgroup.
test("a process that is in no cgroup at all gets none", () => {
  expect(Cgroup.open({ memory: MIB }, "")).toBeUndefined();
});

describe.skipIf(!both)(`where a cgroup can be had${both ? "" : " (skipped: this user cannot make cgroups here)"}`, () => {
  function open(limits: Parameters<typeof Cgroup.open>[0]): { cgroup: Cgroup; directories: string[] } {
    const cgroup = Cgroup.open(limits);
    if (cgroup === undefined) throw new Error("it could be had a moment ago");
    onTestFinished(() => cgroup[Symbol.asyncDispose]());
    return { cgroup, directories: cgroup.procs.map((file) => dirname(file)) };
  }

  /** A shell in the cgroup that waits for a line before it goes on. */
  function shellIn(cgroup: Cgroup, line: string): ReturnType<typeof spawn> {
    const child = spawn("/bin/sh", ["-c", `read go; ${line}`], { stdio: ["pipe", "ignore", "ignore"] });
    for (const file of cgroup.procs) writeFileSync(file, String(child.pid));
    child.stdin.end("go\n");
    return child;
  }

  test("only what is limited is enforced", () => {
    const { cgroup } = open({ processes: 10 });
    expect([cgroup.enforces("processes"), cgroup.enforces("memory")]).toEqual([true, false]);
  });

  test("its files can be joined by whoever opened it, and it goes away with what it was for", async () => {
    const { cgroup, directories } = open({ memory: 64 * MIB, processes: 10 });
    for (const file of cgroup.procs) accessSync(file, constants.W_OK);
    for (const directory of directories) expect(existsSync(directory)).toBe(true);
    await cgroup[Symbol.asyncDispose]();
    for (const directory of directories) expect(existsSync(directory)).toBe(false);
  });

  test("the kernel holds the limits that were asked for", () => {
    const { directories } = open({ memory: 64 * MIB, processes: 10 });
    const read = (...names: readonly string[]): string | undefined =>
      directories.flatMap((directory) => names.map((name) => join(directory, name))).filter((file) => existsSync(file)).map((file) => readFileSync(file, "utf8").trim())[0];
    expect(read("memory.max", "memory.limit_in_bytes")).toBe(String(64 * MIB));
    expect(read("pids.max")).toBe(String(10 + 2)); // the reaper is in it too, and the one too many must be seen
  });

  test("a limit that was not reached is not exceeded", async () => {
    const { cgroup } = open({ memory: 64 * MIB, processes: 10 });
    await once(shellIn(cgroup, "true"), "exit");
    expect([cgroup.exceeded("memory"), cgroup.exceeded("processes")]).toEqual([false, false]);
  });

  test("too many processes are refused, and it is said that they were", async () => {
    const { cgroup } = open({ memory: 64 * MIB, processes: 3 });
    await once(shellIn(cgroup, "true | true | true | true | true | true"), "exit");
    expect([cgroup.exceeded("memory"), cgroup.exceeded("processes")]).toEqual([false, true]);
  });

  test("too much memory is refused, and it is said that it was", async () => {
    const { cgroup } = open({ memory: 16 * MIB, processes: 10 });
    await once(shellIn(cgroup, "head -c 64000000 /dev/zero | tail -c 64000000"), "exit");
    expect([cgroup.exceeded("memory"), cgroup.exceeded("processes")]).toEqual([true, false]);
  });
});
