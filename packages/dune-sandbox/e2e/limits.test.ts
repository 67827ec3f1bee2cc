/** Every limit stops what it is for, names itself, exits with 124, and leaves nothing. */

import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asEveryone, sandbox } from "./harness.js";
import { inScene } from "./scene.js";

const LIMIT_HIT = 124;

interface Case {
  readonly name: string;
  readonly flags: readonly string[];
  readonly program: readonly string[];
  /** What stderr must name. */
  readonly named: RegExp;
}

const PYTHON = "/usr/bin/python3";

const CASES: readonly Case[] = [
  { name: "elapsed time of a sleeper", flags: ["--time", "300ms"], program: ["sleep", "30"], named: /wall|time/i },
  { name: "elapsed time of a loop that ignores signals", flags: ["--time", "300ms"], program: ["sh", "-c", "trap '' TERM INT HUP; while :; do :; done"], named: /wall|time/i },
  { name: "elapsed time of a stopped program", flags: ["--time", "300ms"], program: ["sh", "-c", "kill -STOP $$"], named: /wall|time/i },
  { name: "CPU time of an infinite loop", flags: ["--cpu", "400ms"], program: ["sh", "-c", "while :; do :; done"], named: /cpu/i },
  { name: "CPU time of many short processes together", flags: ["--cpu", "400ms"], program: ["sh", "-c", "while :; do /bin/true; done"], named: /cpu/i },
  { name: "a fork bomb", flags: ["--processes", "32", "--time", "20s"], program: ["bash", "-c", "bomb() { bomb | bomb & }; bomb; sleep 20"], named: /process/i },
  {
    name: "a thread bomb",
    flags: ["--processes", "32", "--time", "20s"],
    program: [PYTHON, "-c", "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(20,)).start()"],
    named: /process/i,
  },
  { name: "a memory bomb", flags: ["--memory", "64MiB", "--time", "20s"], program: [PYTHON, "-c", "x = []\nwhile True: x.append(bytearray(1 << 20))"], named: /memory/i },
  {
    name: "memory of many processes together",
    flags: ["--memory", "96MiB", "--time", "20s"],
    program: ["bash", "-c", `for i in 1 2 3 4 5 6; do ${PYTHON} -c 'x = bytearray(40 << 20); import time; time.sleep(20)' & done; wait`],
    named: /memory/i,
  },
  { name: "a disk filler", flags: ["--disk", "4MiB", "--time", "20s"], program: ["sh", "-c", "cat /dev/zero > big"], named: /disk|written/i },
  {
    name: "a disk filler with many files",
    flags: ["--disk", "4MiB", "--time", "20s"],
    program: ["sh", "-c", "i=0; while :; do head -c 500000 /dev/zero > f$i; i=$((i+1)); done"],
    named: /disk|written/i,
  },
  { name: "an output flood", flags: ["--output", "1MiB", "--time", "20s"], program: ["yes"], named: /output/i },
  { name: "an output flood on stderr", flags: ["--output", "1MiB", "--time", "20s"], program: ["sh", "-c", "yes >&2"], named: /output/i },
];

asEveryone("a limit stops", (identity) => {
  for (const { name, flags, program, named } of CASES) {
    test(name, async () => {
      await inScene(identity, async (scene) => {
        const result = await sandbox([...flags, ...program], { as: identity, cwd: scene.project, env: scene.environment });
        expect(result.status).toBe(LIMIT_HIT);
        expect(result.stderr.slice(-2000)).toMatch(named);
        expect(await scene.leftovers()).toEqual([]);
      });
    });
  }
});

asEveryone("a limit leaves alone what stays within it", (identity) => {
  const run = (flags: readonly string[], ...program: readonly string[]) =>
    inScene(identity, async (scene) => await sandbox([...flags, ...program], { as: identity, cwd: scene.project, env: scene.environment }));

  test("a short program under every limit", async () => {
    const flags = ["--time", "20s", "--cpu", "10s", "--memory", "256MiB", "--processes", "32", "--files", "64", "--disk", "8MiB", "--output", "1MiB", "--tmp", "8MiB"];
    expect(await run(flags, "sh", "-c", "head -c 1000000 /dev/zero > f; wc -c < f; (true | true)")).toEqual({ status: 0, stdout: "1000000\n", stderr: "" });
  });

  test("open files: the program gets EMFILE and goes on", async () => {
    const program = "import os\ntry:\n  while True: os.open('/dev/null', 0)\nexcept OSError as e: print(e.errno)";
    expect(await run(["--files", "20"], PYTHON, "-c", program)).toMatchObject({ status: 0, stdout: "24\n" });
  });

  test("the private tmpfs: the program gets ENOSPC and goes on", async () => {
    const result = await run(["--tmp", "2MiB"], "sh", "-c", "head -c 5000000 /dev/zero > /tmp/big; echo; wc -c < /tmp/big");
    expect(result.status).toBe(0);
    expect(Number(result.stdout.trim())).toBeLessThanOrEqual(2 << 20);
  });

  test("the largest output that is allowed arrives whole", async () => {
    const result = await run(["--output", "1MiB"], "head", "-c", String(1 << 20), "/dev/zero");
    expect(result.status).toBe(0);
    expect(result.stdout.length).toBe(1 << 20);
  });

  test("what a disk filler leaves is not much more than the limit", async () => {
    await inScene(identity, async (scene) => {
      await sandbox(["--disk", "4MiB", "--time", "20s", "sh", "-c", "cat /dev/zero > big"], { as: identity, cwd: scene.project, env: scene.environment });
      expect(statSync(join(scene.project, "big")).size).toBeLessThanOrEqual(4 << 20);
    });
  });
});
