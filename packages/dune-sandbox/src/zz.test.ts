import { test } from "vitest";
import { text } from "node:stream/consumers";
import { existsSync, readdirSync, mkdtempSync, chmodSync } from "node:fs";
import { Sandbox } from "./sandbox.js";
test("late", async () => {
  const cwd = mkdtempSync("/tmp/zzq-"); chmodSync(cwd, 0o755);
  const box = await Sandbox.spawn("/bin/echo", ["hi"], { cwd });
  await box.exit;
  await new Promise((r) => setTimeout(r, 50));
  console.log("late read ->", JSON.stringify(await text(box.stdout!)));
  process.env.TMPDIR = cwd;
  let failures = 0;
  for (let i = 0; i < 300; i++) {
    try {
      const b = await Sandbox.spawn("/bin/true", [], { cwd, policy: { network: { allow: ["localhost:9"] } } });
      await b.exit; await b[Symbol.asyncDispose]();
    } catch (e) { failures++; console.log(i, "->", (e as Error).message, readdirSync(cwd), existsSync((/chdir (\S+):/.exec((e as Error).message) ?? [])[1] ?? "/x")); }
  }
  console.log("failures ->", failures);
}, 60000);
