import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SandboxError } from "./errors.js";
import { Sandbox } from "./sandbox.js";
import type { SandboxOptions } from "./sandbox.js";
import { temporaryDirectory } from "./testing/native.js";
import { outcomeOf, processesWith, sh, startShell } from "./testing/run.js";

/** Relays, a cgroup where one can be had, a dry run: everything that has to be put away again. */
const EVERYTHING: SandboxOptions = {
  policy: { network: { allow: ["example.org:443", "localhost:9"] } },
  limits: { memory: "256MiB", processes: 50, wall: "30s" },
  dryRun: true,
};

let scratch = "";
beforeEach(() => {
  scratch = temporaryDirectory();
  chmodSync(scratch, 0o755);
  vi.stubEnv("TMPDIR", scratch);
});
afterEach(() => { vi.unstubAllEnvs(); });

/** Directories of the cgroups that a process is in. */
function cgroupsOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n").flatMap((line) => {
    const [, controllers = "", path = ""] = line.split(":");
    return path.includes("/dune-") ? [join("/sys/fs/cgroup", controllers, path)] : [];
  });
}

function relayDirectories(): string[] {
  return readdirSync(scratch).filter((name) => name.startsWith("dune-relay-"));
}

describe("nothing is left", () => {
  test.each<[string, (box: Sandbox) => Promise<unknown>]>([
    ["after the program's own end", (box) => { box.stdin?.end(); return box.exit; }],
    ["after a kill", (box) => { box.kill("SIGKILL"); return box.exit; }],
    ["after a stream was left unread", (box) => { box.stdout?.destroy(); box.stdin?.end(); return box.exit; }],
  ])("%s", async (_when, end) => {
    const word = "54321.5";
    const cwd = temporaryDirectory();
    const box = await startShell(`sleep ${word} & echo ready; read line`, { ...EVERYTHING, cwd });
    await vi.waitFor(() => { expect(processesWith(word)).toHaveLength(1); });
    const cgroups = cgroupsOf(box.pid);
    expect(cgroups.length).toBe(new Set(box.protection.cgroup).size);
    expect(relayDirectories()).toHaveLength(1);
    await end(box);
    await box[Symbol.asyncDispose]();
    expect(cgroups.filter((path) => existsSync(path))).toEqual([]);
    expect(relayDirectories()).toEqual([]);
    await vi.waitFor(() => { expect(processesWith(word)).toEqual([]); });
    expect(readdirSync(cwd)).toEqual([]);
    expect(readFileSync("/proc/self/mounts", "utf8")).not.toContain(cwd);
  });

  test("after a start that failed", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "program"), "#!/bin/sh\n", { mode: 0o755 });
    // More arguments than execve(2) takes: the jail stands, the program does not start.
    const args = Array.from({ length: 40 }, () => "x".repeat(100_000));
    await expect(Sandbox.spawn("./program", args, { ...EVERYTHING, cwd })).rejects.toBeInstanceOf(SandboxError);
    expect(relayDirectories()).toEqual([]);
  });

  test("after the helper was killed from outside, which is an error", async () => {
    const word = "54321.625";
    const box = await startShell(`sleep ${word} & echo ready; read line`, { ...EVERYTHING, limits: {} });
    process.kill(helperOf(box.pid), "SIGKILL");
    await expect(box.exit).rejects.toMatchObject({ code: "ERR_SANDBOX_START" });
    await box[Symbol.asyncDispose]();
    expect(relayDirectories()).toEqual([]);
    await vi.waitFor(() => { expect(processesWith(word)).toEqual([]); });
  });

  test("no descriptor stays open in the caller", async () => {
    const few = async (): Promise<number> => {
      for (let round = 0; round < 5; round++) {
        await using box = await Sandbox.spawn("/bin/true", [], { ...EVERYTHING, cwd: temporaryDirectory() });
        await outcomeOf(box);
      }
      return readdirSync("/proc/self/fd").length;
    };
    const before = await few();
    await few();
    await vi.waitFor(() => { expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before); });
  });
});

/** The helper of a run: the direct child of this process above one of its processes. */
function helperOf(pid: number): number {
  const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
  return parent === process.pid ? pid : helperOf(parent);
}

test("fifty at once do not disturb each other", async () => {
  const numbers = Array.from({ length: 50 }, (_, index) => index);
  const results = await Promise.all(numbers.map(async (number) => {
    const cwd = temporaryDirectory();
    const { code } = await sh(`echo ${number} > $$; cat $$ > file; exit ${number}`, { cwd });
    return { code, file: readFileSync(join(cwd, "file"), "utf8") };
  }));
  expect(results).toEqual(numbers.map((number) => ({ code: number, file: `${number}\n` })));
}, 30_000);

/** Starts a program, aborts at the given moment, and says what came of it. */
async function abortAt(moment: () => Promise<unknown>, word: string): Promise<unknown> {
  const controller = new AbortController();
  const starting = Sandbox.spawn("/bin/sleep", [word], { ...EVERYTHING, cwd: temporaryDirectory(), signal: controller.signal });
  await moment();
  controller.abort();
  try {
    await using box = await starting;
    return await Promise.race([box.exit, sleep(1000, "still running")]);
  } catch (error) {
    return error;
  }
}

describe("aborting during the start", () => {
  test.each([1, 3, 10, 30])("%i ms after it leaves nothing running", async (delay) => {
    const word = "54321.75";
    expect(await abortAt(() => sleep(delay), word)).not.toBe("still running");
    expect(processesWith(word)).toEqual([]);
    expect(relayDirectories()).toEqual([]);
  });

  test("before there is a helper counts too", async () => {
    const turns = async (): Promise<void> => { for (let turn = 0; turn < 10; turn++) await Promise.resolve(); };
    expect(await abortAt(turns, "54321.875")).not.toBe("still running");
  });
});
