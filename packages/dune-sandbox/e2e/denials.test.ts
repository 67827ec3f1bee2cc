/** A refusal says what was refused, by which rule, and which flag would allow it; and the flag does. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asEveryone, CLI, run, sandbox } from "./harness.js";
import type { Identity, Outcome } from "./harness.js";
import { inScene } from "./scene.js";
import type { Scene } from "./scene.js";

asEveryone("a refusal", (identity) => {
  const attempt = (scene: Scene, args: readonly string[]) => sandbox(args, { as: identity, cwd: scene.project, env: scene.environment });

  test("of a file in HOME names it and the flag, and the flag works", async () => {
    await inScene(identity, async (scene) => {
      const key = join(scene.directory, "home/.ssh/id_rsa");
      const refused = await attempt(scene, ["cat", key]);
      expect(refused.status).toBe(1);
      expect(refused.stdout).toBe("");
      expect(refused.stderr).toContain(key);
      expect(refused.stderr).toMatch(/--read \S*id_rsa/);
      expect(await attempt(scene, ["--read", key, "cat", key])).toMatchObject({ status: 0, stdout: scene.token });
    });
  });

  test("of a write outside names the flag, and the flag works", async () => {
    await inScene(identity, async (scene) => {
      const target = join(scene.outside, "made");
      const refused = await attempt(scene, ["sh", "-c", `echo x > ${target}`]);
      expect(refused.status).not.toBe(0);
      expect(refused.stderr).toMatch(/--write \S+outside/);
      expect(await attempt(scene, ["--write", scene.outside, "sh", "-c", `echo x > ${target}`])).toMatchObject({ status: 0 });
      expect(readFileSync(target, "utf8")).toBe("x\n");
    });
  });

  test("is not reported for what would have failed anyway", async () => {
    await inScene(identity, async (scene) => {
      const result = await attempt(scene, ["sh", "-c", "cat ./nothing; cat /usr/nothing; cat /tmp/nothing; true"]);
      expect(result.status).toBe(0);
      expect(result.stderr).not.toMatch(/--read|--write|dune-sandbox/);
    });
  });

  test("is not printed with --quiet, but the program's own words are", async () => {
    await inScene(identity, async (scene) => {
      const result = await attempt(scene, ["--quiet", "cat", scene.secret]);
      expect(result.stderr).toMatch(/^cat: /);
      expect(result.stderr).not.toMatch(/--read/);
    });
  });

  test("is one JSON object a line with --json, and so is the result", async () => {
    await inScene(identity, async (scene) => {
      const result = await attempt(scene, ["--json", "sh", "-c", `cat ${scene.secret} 2>/dev/null; exit 6`]);
      expect(result.status).toBe(6);
      const events = parseLines(result.stderr);
      expect(events.length).toBeGreaterThanOrEqual(2);
      expect(JSON.stringify(events)).toContain(scene.secret);
      expect(JSON.stringify(events)).toContain("--read");
    });
  });

  test("names system calls by name, not by number", async () => {
    await inScene(identity, async (scene) => {
      const result = await attempt(scene, ["/usr/bin/python3", "-c", "import ctypes; print(ctypes.CDLL(None, use_errno=True).unshare(0x10000000))"]);
      expect(result.stdout).toBe("-1\n");
      expect(result.stderr).toMatch(/unshare/);
    });
  });

  test("by the jail leaves programs that probe alone: node finds no io_uring and says nothing", async () => {
    await inScene(identity, async (scene) => {
      expect(await attempt(scene, [process.execPath, "-e", "require('fs').promises.readFile('/etc/hostname').then(() => console.log('ok'))"])).toEqual({
        status: 0, stdout: "ok\n", stderr: "",
      });
    });
  });
});

asEveryone("learning", (identity) => {
  test("writes a policy with which the rerun is refused nothing", async () => {
    await inScene(identity, async (scene) => {
      const options = { as: identity, cwd: scene.project, env: { ...scene.environment, WANTED: "value" } };
      const program = ["sh", "-c", `cat ${scene.secret} ${join(scene.readonly, "file")}; echo x > ${join(scene.outside, "made")}`];
      const learnt = join(scene.directory, "tmp/learnt.toml");
      await sandbox(["--learn", learnt, ...program], options);
      const rerun = await sandbox(["--policy", learnt, ...program], options);
      expect(rerun).toMatchObject({ status: 0, stdout: `${scene.token}planted\n` });
      expect(rerun.stderr).toBe("");
    });
  });
});

asEveryone("a dry run", (identity) => {
  test("lists what would have changed and changes nothing", async () => {
    await inScene(identity, async (scene) => {
      scene.write("home/project/kept", "old");
      scene.write("home/project/removed", "old");
      const result = await sandbox(["--dry-run", "sh", "-c", "echo new > kept; rm removed; mkdir d; echo x > d/added; cat kept"], {
        as: identity, cwd: scene.project, env: scene.environment,
      });
      expect(result).toMatchObject({ status: 0, stdout: "new\n" });
      for (const name of ["kept", "removed", "project/d"]) expect(result.stderr).toContain(name);
      expect(readdirSync(scene.project).sort()).toEqual(["kept", "planted-directory", "planted-link", "removed"]);
      expect(readFileSync(join(scene.project, "kept"), "utf8")).toBe("old");
      expect(await scene.leftovers()).toEqual([]);
    });
  });

  test("says so if nothing would have changed", async () => {
    await inScene(identity, async (scene) => {
      const result = await sandbox(["--dry-run", "true"], { as: identity, cwd: scene.project, env: scene.environment });
      expect(result.status).toBe(0);
      expect(result.stderr).toMatch(/no(thing| files?)/i);
    });
  });
});

asEveryone("the environment", (identity) => {
  test("is short, has no secrets, and takes what a flag gives", async () => {
    await inScene(identity, async (scene) => {
      const options = { as: identity, cwd: scene.project, env: { ...scene.environment, PASSED: "on", LANG: "C.UTF-8" } };
      const { stdout } = await sandbox(["--env", "PASSED", "--env", "SET=a=b", "env"], options);
      expect(stdout).not.toContain(scene.token);
      expect(stdout).toMatch(/^PASSED=on$/m);
      expect(stdout).toMatch(/^SET=a=b$/m);
      expect(stdout).toMatch(/^LANG=C\.UTF-8$/m);
      expect(stdout.trim().split("\n").length).toBeLessThan(15);
    });
  });

  test("HOME exists, is empty, may be written, and is gone afterwards", async () => {
    await inScene(identity, async (scene) => {
      const before = listHome(scene);
      const result = await sandbox(["sh", "-c", 'ls -A "$HOME" | grep -v project; echo x > "$HOME/made" && cat "$HOME/made"'], {
        as: identity, cwd: scene.project, env: scene.environment,
      });
      expect(result).toMatchObject({ status: 0, stdout: "x\n" });
      expect(listHome(scene)).toEqual(before);
    });
  });
});

asEveryone("the command line", (identity) => {
  test("--version and --help succeed and go to stdout", async () => {
    await inScene(identity, async (scene) => {
      const help = await ask(identity, scene, "--help");
      expect(help).toMatchObject({ status: 0, stderr: "" });
      expect(help.stdout).toMatch(/--allow-net/);
      expect((await ask(identity, scene, "--version")).stdout).toMatch(/\d+\.\d+\.\d+/);
    });
  });

  test("--show-policy prints a policy that is read back", async () => {
    await inScene(identity, async (scene) => {
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      const shown = await sandbox(["--show-policy", "--read", scene.readonly, "--time", "5s"], options);
      expect(shown.status).toBe(0);
      scene.write("home/project/shown.toml", shown.stdout);
      const file = join(scene.readonly, "file");
      expect(await sandbox(["--policy", "shown.toml", "cat", file], options)).toMatchObject({ status: 0, stdout: "planted\n" });
    });
  });

  test("options end at the program", async () => {
    await inScene(identity, async (scene) => {
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      expect(await sandbox(["echo", "x", "--json", "--help", "--"], options)).toMatchObject({ status: 0, stdout: "x --json --help --\n" });
      expect(await sandbox(["--", "echo", "x", "--version"], options)).toMatchObject({ status: 0, stdout: "x --version\n" });
    });
  });

  test("works through a symbolic link, as npx makes one", async () => {
    await inScene(identity, async (scene) => {
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      await run(["ln", "-s", CLI, "../link-to-cli"], options);
      expect(await run([process.execPath, "../link-to-cli", "echo", "hello"], options)).toMatchObject({ status: 0, stdout: "hello\n" });
    });
  });
});

function ask(identity: Identity, scene: Scene, flag: string): Promise<Outcome> {
  return sandbox([flag], { as: identity, cwd: scene.project, env: scene.environment });
}

function listHome(scene: Scene): string[] {
  return readdirSync(join(scene.directory, "home")).sort();
}

function parseLines(text: string): unknown[] {
  return text.trim().split("\n").map((line) => JSON.parse(line) as unknown);
}
