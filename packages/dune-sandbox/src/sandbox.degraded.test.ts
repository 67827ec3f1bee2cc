/** On hosts that give less: no user namespaces at all, or a process of its own rules. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { LayerError, SandboxError } from "./errors.js";
import { helperPath } from "./helper.js";
import { NAMESPACES } from "./jail.js";
import { Sandbox } from "./sandbox.js";
import type { SandboxOptions } from "./sandbox.js";
import { temporaryDirectory } from "./testing/native.js";
import { processesWith, run, sh, startShell } from "./testing/run.js";

// What the tests need of the clone is read first: an ordinary user may not be able to enter it.
const helperBytes = readFileSync(helperPath());
await import("@dune/req");

// Root is refused where there is no user namespace (see jail.test.ts). Each test file has a process of its own.
if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(1000);
  process.setuid?.(1000);
}

/** A helper that starts where no further user namespace can be made (user_namespaces(7), /proc/sys/user). */
const CONFINED = `#!/bin/sh
exec /usr/bin/unshare --user --map-current-user --keep-caps /bin/sh -c '
  echo 0 > /proc/sys/user/max_user_namespaces && exec /usr/bin/setpriv --ambient-caps=-all --inh-caps=-all "$0"' `;

let directory = "";
/** A copy, to tell its processes from those of other tests. */
let helper = "";
let confined = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "dune-test-"));
  confined = join(directory, "dune-jail");
  helper = join(directory, "helper");
  writeFileSync(helper, helperBytes, { mode: 0o755 });
  writeFileSync(confined, `${CONFINED}${helper}\n`, { mode: 0o755 });
});
afterAll(() => {
  // Remainders of the failed attempts of best effort: see the last test of the first group.
  for (const pid of processesWith(helper)) process.kill(pid, "SIGKILL");
  rmSync(directory, { recursive: true });
});

const works = spawnSync("/usr/bin/unshare", ["--user", "--map-current-user", "--keep-caps", "true"]).status === 0;
const BEST: SandboxOptions = { bestEffort: true };

describe.skipIf(!works)(`without user namespaces${works ? "" : " (skipped: unshare(1) cannot make the confined place to test in)"}`, () => {
  beforeEach(() => { vi.stubEnv("DUNE_JAIL", confined); });
  afterEach(() => { vi.unstubAllEnvs(); });

  test("the start fails, and names the layer", async () => {
    const error = await sh("true").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LayerError);
    expect(error).toMatchObject({ code: "ERR_SANDBOX_LAYER", layer: "user", message: expect.stringContaining("--best-effort") as string });
  });

  test("with best effort it runs, and says what is missing", async () => {
    const { code, protection } = await sh("exit 6", BEST);
    expect(code).toBe(6);
    expect([...protection.missing].sort()).toEqual([...NAMESPACES].sort());
    expect([...protection.layers].sort()).toEqual(["landlock", "seccomp", "supervisor"]);
    expect(protection.landlockAbi).toBeGreaterThan(0);
  });

  describe("what is outside stays out of reach", () => {
    let base = "";
    let cwd = "";
    beforeEach(() => {
      base = realpathSync(temporaryDirectory());
      cwd = join(base, "work");
      mkdirSync(cwd);
      writeFileSync(join(base, "secret"), "the secret\n");
    });

    test("a secret is not readable, by its path, by .. or by a link, and its directory cannot be listed", async () => {
      const { stdout } = await sh("cat ../secret; cat $PWD/../secret; ln -s ../secret link && cat link; ls ..; head -c 3 /proc/1/environ; cat /proc/$PPID/environ", { ...BEST, cwd });
      expect(stdout).toBe("");
    });

    test("nothing can be written, made, renamed, linked or removed there", async () => {
      const { stdout } = await sh(
        "echo x > ../secret && echo wrote; touch ../new && echo made; mv ../secret . && echo moved; rm -f ../secret && echo removed; mkdir ../dir && echo mkdir; ln ../secret hard && echo linked; : > $HOME/dune-test-made && echo home",
        { ...BEST, cwd },
      );
      expect(stdout).toBe("");
      expect(readFileSync(join(base, "secret"), "utf8")).toBe("the secret\n");
      expect(existsSync(join(base, "new")) || existsSync(join(base, "dir"))).toBe(false);
    });

    test("the working directory works", async () => {
      expect(await sh("echo x > a && mkdir d && mv a d/b && cat d/b && rm -r d && ls", { ...BEST, cwd })).toMatchObject({ code: 0, stdout: "x\n" });
    });

    test("the refusal is explained as it would be otherwise", async () => {
      const { denials } = await run("/bin/cat", ["../secret"], { ...BEST, cwd });
      expect(denials).toMatchObject([{ kind: "read", path: join(base, "secret"), allow: `--read ${join(base, "secret")}` }]);
    });

    test("no network, not even to the host's own loopback", async () => {
      const contacts: unknown[] = [];
      const server = createServer((socket) => { contacts.push(socket.remoteAddress); socket.end(); });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const { code } = await run("/bin/bash", ["-c", `exec 5<>/dev/tcp/127.0.0.1/${port}`], { ...BEST, cwd });
      server.close();
      expect(code).not.toBe(0);
      expect(contacts).toEqual([]);
    });
  });

  test.each<[string, SandboxOptions]>([
    ["single destinations", { policy: { network: { allow: ["localhost:9"] } } }],
    ["a dry run", { dryRun: true }],
  ])("%s take a layer that is missing: an error, not a weaker run", async (_what, options) => {
    await expect(sh("true", { ...BEST, ...options })).rejects.toBeInstanceOf(SandboxError);
  });

  test("nothing outlives the run, in whichever session it is", async () => {
    const word = "54321.0625";
    await using box = await startShell(`setsid sleep ${word} & (setsid setsid sleep ${word} &) ; echo ready; read line; exit 3`, BEST);
    await vi.waitFor(() => { expect(processesWith(word)).toHaveLength(2); });
    box.stdin?.end();
    expect(await box.exit).toMatchObject({ code: 3 });
    expect(processesWith(word)).toEqual([]);
  });

  // Without a pid namespace the others do not die with the reaper, and the helper waits for them.
  test("a kill ends everything", async () => {
    const word = "54321.03125";
    const box = await startShell(`trap '' TERM; setsid sleep ${word} & echo ready; sleep ${word}`, BEST);
    await vi.waitFor(() => { expect(processesWith(word)).toHaveLength(2); });
    box.kill("SIGKILL");
    const ending = await Promise.race([box.exit, sleep(1000, "still running")]);
    const left = processesWith(word);
    for (const pid of left) process.kill(pid, "SIGKILL");
    await box[Symbol.asyncDispose]();
    expect(ending).toMatchObject({ signal: "SIGKILL" });
    expect(left).toEqual([]);
  });

  // As root the process that holds the new user namespace waits for ever if it could not make one.
  test("the attempt that failed leaves no process", async () => {
    await expect(sh("true")).rejects.toBeInstanceOf(LayerError);
    await sleep(50);
    const left = processesWith(helper);
    for (const pid of left) process.kill(pid, "SIGKILL");
    expect(left).toEqual([]);
  });
});

test("best effort takes nothing away where all can be had", async () => {
  vi.stubEnv("DUNE_JAIL", helper);
  onTestFinished(() => { vi.unstubAllEnvs(); });
  await using box = await Sandbox.spawn("/bin/true", [], { ...BEST, cwd: temporaryDirectory() });
  expect(box.protection.missing).toEqual([]);
  await box.exit;
});
