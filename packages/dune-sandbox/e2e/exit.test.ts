/** The exit status says what happened, and nothing stays behind. */

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { asEveryone, CLI, run, sandbox } from "./harness.js";
import { inScene } from "./scene.js";

asEveryone("exit", (identity) => {
  for (const status of [0, 1, 2, 42, 124, 125, 255]) {
    test(`status ${status} of the program is passed on`, async () => {
      await inScene(identity, async (scene) => {
        const result = await sandbox(["sh", "-c", `exit ${status}`], { as: identity, cwd: scene.project, env: scene.environment });
        expect(result.status).toBe(status);
      });
    });
  }

  for (const [signal, number] of [["TERM", 15], ["KILL", 9], ["SEGV", 11], ["INT", 2], ["ABRT", 6], ["SYS", 31]] as const) {
    test(`a program killed by SIG${signal} gives ${128 + number}`, async () => {
      await inScene(identity, async (scene) => {
        const result = await sandbox(["bash", "-c", `kill -${signal} $$`], { as: identity, cwd: scene.project, env: scene.environment });
        expect(result.status).toBe(128 + number);
      });
    });
  }

  test("a signal to dune-sandbox reaches the program, which may handle it", async () => {
    await inScene(identity, async (scene) => {
      const program = ["sh", "-c", "trap 'echo caught; exit 9' TERM; echo ready > ready; while :; do sleep 0.05; done"];
      const ready = () => readdirSync(scene.project).includes("ready");
      const result = await sandbox(program, {
        as: identity, cwd: scene.project, env: scene.environment,
        onStart: (pid) => void signalWhen(ready, pid, "SIGTERM"),
      });
      expect(result).toMatchObject({ status: 9, stdout: "caught\n" });
      expect(await scene.leftovers()).toEqual([]);
    });
  });

  test("kill -9 of dune-sandbox leaves nothing, however the program hides", async () => {
    await inScene(identity, async (scene) => {
      const program = ["sh", "-c", "trap '' HUP TERM INT; (setsid sh -c 'sleep 60 & sleep 60' &) ; echo > ready; sleep 60"];
      const [file = "", ...args] = [...identity.prefix, process.execPath, CLI, ...program];
      const child = spawn(file, args, { cwd: scene.project, env: { PATH: "/usr/bin:/bin", ...scene.environment }, stdio: "ignore" });
      await until(() => readdirSync(scene.project).includes("ready"));
      expect(scene.processes().length).toBeGreaterThan(1);
      child.kill("SIGKILL");
      expect(await scene.leftovers(3000)).toEqual([]);
    });
  });

  test("200 runs, one after the other, leave nothing and all succeed", { timeout: 240_000 }, async () => {
    await inScene(identity, async (scene) => {
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      const before = readdirSync("/proc/self/fd").length;
      for (let i = 0; i < 200; i++) {
        const result = await sandbox(["sh", "-c", `echo ${i}`], options);
        expect(result).toEqual({ status: 0, stdout: `${i}\n`, stderr: "" });
      }
      expect(await scene.leftovers()).toEqual([]);
      expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before + 3);
    });
  });

  test("runs beside each other do not disturb each other", async () => {
    await inScene(identity, async (scene) => {
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      const results = await Promise.all(Array.from({ length: 8 }, (_, i) => sandbox(["sh", "-c", `echo ${i} > /tmp/mine; sleep 0.2; cat /tmp/mine`], options)));
      expect(results.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 8 }, (_, i) => `${i}\n`));
      expect(await scene.leftovers()).toEqual([]);
    });
  });

  test("a program that closes its output early, and a reader that does", async () => {
    await inScene(identity, async (scene) => {
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      expect(await sandbox(["sh", "-c", "exec >&- 2>&-; exit 4"], options)).toMatchObject({ status: 4 });
      const command = `'${process.execPath}' '${CLI}' yes | head -1`;
      expect(await run(["sh", "-c", command], options)).toMatchObject({ status: 0, stdout: "y\n" });
      expect(await scene.leftovers()).toEqual([]);
    });
  });
});

async function signalWhen(condition: () => boolean, pid: number, signal: NodeJS.Signals): Promise<void> {
  await until(condition);
  process.kill(pid, signal);
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("waited 10 s in vain");
    await sleep(20);
  }
}
