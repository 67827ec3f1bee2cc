import { describe, expect, test } from "vitest";
import { Sandbox } from "./sandbox.js";
import { temporaryDirectory } from "./testing/native.js";
import { outcomeOf, run, sh } from "./testing/run.js";

const MIB = 1 << 20;

test("wall time", async () => {
  const { code, signal, limit } = await sh("trap '' TERM; sleep 100", { limits: { wall: "200ms" } });
  expect({ code, signal }).toEqual({ code: undefined, signal: "SIGKILL" });
  expect(limit).toMatchObject({ limit: "wall", bound: 200 });
  expect(limit?.value).toBeGreaterThanOrEqual(200);
});

test("CPU time, of all processes together", async () => {
  const spin = "while :; do :; done";
  const { signal, limit } = await sh(`(${spin}) & (${spin}) & wait`, { limits: { cpu: 300 } });
  expect({ signal, limit }).toMatchObject({ signal: "SIGKILL", limit: { limit: "cpu", bound: 300 } });
});

test("memory, of all processes together", async () => {
  // tail(1) holds all of it until somebody reads.
  const hold = "head -c 60000000 /dev/zero | tail -c 60000000 | (sleep 1; wc -c)";
  const { limit, usage } = await sh(`${hold} & ${hold} & wait`, { limits: { memory: "80MiB" } });
  expect(limit).toMatchObject({ limit: "memory", bound: 80 * MIB });
  expect(usage.memory).toBeGreaterThan(0);
});

test("processes: further ones are refused or the run is stopped, and the limit is named", async () => {
  const { limit, usage } = await sh("(i=0; while [ $i -lt 60 ]; do sleep 1 & i=$((i+1)); done); sleep 0.5", { limits: { processes: 20 } });
  expect(limit).toMatchObject({ limit: "processes", bound: 20 });
  expect(usage.tasks).toBeLessThanOrEqual(30);
});

test("open files of one process", async () => {
  expect(await sh("ulimit -n; ulimit -Hn", { limits: { files: 37 } })).toMatchObject({ stdout: "37\n37\n" });
});

test("the size of a file, named as the disk limit", async () => {
  const { limit, stdout } = await sh("(dd if=/dev/zero of=big bs=65536 count=64) 2>/dev/null; s=$?; wc -c < big; exit $s", { limits: { disk: "1MiB" } });
  expect(stdout.trim()).toBe(String(MIB));
  expect(limit).toMatchObject({ limit: "disk", bound: MIB });
});

test("the size of private directories: they are full, the program goes on", async () => {
  const { code, stdout, limit } = await sh("dd if=/dev/zero of=/tmp/big bs=65536 count=64 2>/dev/null; wc -c < /tmp/big", { limits: { tmp: "1MiB" } });
  expect({ code, stdout, limit }).toEqual({ code: 0, stdout: `${MIB}\n`, limit: undefined });
});

describe("output", () => {
  test("just as much as is allowed arrives, from both streams together", async () => {
    const { stdout, stderr, limit, signal } = await sh("yes & yes >&2", { limits: { output: 100_000 } });
    expect(stdout.length + stderr.length).toBe(100_000);
    expect({ limit, signal }).toMatchObject({ limit: { limit: "output", bound: 100_000 }, signal: "SIGKILL" });
  });

  test("exactly the bound is not too much", async () => {
    expect(await sh("printf 12345; printf 67890 >&2", { limits: { output: 10 } })).toMatchObject({ code: 0, stdout: "12345", stderr: "67890", limit: undefined });
  });

  test("one byte more is", async () => {
    const { stdout, limit } = await sh("printf 12345678901; exec sleep 100", { limits: { output: 10 } });
    expect({ stdout, limit }).toEqual({ stdout: "1234567890", limit: { limit: "output", bound: 10, value: 11 } });
  });
});

describe("where limits come from", () => {
  test("those of the options count after those of the policy", async () => {
    const { limit } = await run("/bin/sleep", ["100"], { policy: { limits: { wall: "1h", files: 50 } }, limits: { wall: "100ms" } });
    expect(limit).toMatchObject({ limit: "wall", bound: 100 });
  });

  test("a program within its limits hits none, and a cgroup that enforces some is reported", async () => {
    await using box = await Sandbox.spawn("/bin/true", [], { cwd: temporaryDirectory(), limits: { memory: "1GiB", processes: 50 } });
    const { cgroup } = box.protection;
    expect(["memory", "processes"]).toEqual(expect.arrayContaining([...cgroup]));
    expect(await outcomeOf(box)).toMatchObject({ code: 0, limit: undefined });
  });
});
