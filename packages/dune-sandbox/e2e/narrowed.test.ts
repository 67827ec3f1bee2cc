/** A rule that gives less than the one above it holds at its path, whatever the program does to the directories above. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asEveryone, sandbox } from "./harness.js";
import type { Identity, Outcome } from "./harness.js";
import { inScene } from "./scene.js";
import type { Scene } from "./scene.js";

asEveryone("a rule below a writable directory", (identity: Identity) => {
  const attempt = (scene: Scene, flags: readonly string[], line: string): Promise<Outcome> =>
    sandbox([...flags, "sh", "-c", line], { as: identity, cwd: scene.project, env: scene.environment });

  test("stays where it is: the directories above it cannot be renamed", async () => {
    await inScene(identity, async (scene) => {
      await attempt(scene, [], "mkdir -p a/b/c; echo kept > a/b/c/file");
      const { status, stdout } = await attempt(scene, ["--read", "./a/b/c"], "mv a a2 && echo moved; mv a/b b2 && echo moved; mv a/b/c a/c && echo moved; mkdir -p a/b/c; echo changed > a/b/c/file || echo refused");
      expect({ status, stdout }).toEqual({ status: 0, stdout: "refused\n" });
      expect(readFileSync(join(scene.project, "a/b/c/file"), "utf8")).toBe("kept\n");
    });
  });

  test("leaves what lies beside it writable", async () => {
    await inScene(identity, async (scene) => {
      await attempt(scene, [], "mkdir -p a/b/c");
      const { stdout } = await attempt(scene, ["--read", "./a/b/c"], "echo x > a/b/new && mv a/b/new a/b/old && mkdir a/d && rmdir a/d && echo done");
      expect(stdout).toBe("done\n");
      expect(existsSync(join(scene.project, "a/b/old"))).toBe(true);
    });
  });

  test("keeps a policy file from being replaced by the program it is about", async () => {
    await inScene(identity, async (scene) => {
      await attempt(scene, [], "mkdir conf");
      const contents = "[limits]\nwall = \"30s\"\n";
      const file = scene.write("home/project/conf/policy.toml", contents);
      const { stdout } = await attempt(scene, ["--policy", "conf/policy.toml"], "mv conf conf2 && echo moved; rm -rf conf && echo removed; mkdir -p conf; echo > conf/policy.toml && echo wrote; true");
      expect(stdout).toBe("");
      expect(readFileSync(file, "utf8")).toBe(contents);
    });
  });
});
