/** `npm start`: what this project is for, shown on this machine. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./lib/paths.mjs";
import { runScript, setup } from "./setup.mjs";

await runScript(async () => {
  await setup();
  const demo = join(root, "apps", "untrusted-demo", "dist", "main.js");
  const { status } = spawnSync(process.execPath, [demo, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exitCode = status ?? 1;
});
