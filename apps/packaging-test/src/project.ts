import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Manager } from "./managers.js";

/** Makes an empty project that depends on every one of the tarballs and on nothing else. */
export function createProject(folder: string, manager: Manager, tarballs: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  const dependencies = Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${relative(folder, file)}`]));
  const { manifest = {}, workspace } = manager.override(dependencies);
  const text = JSON.stringify({ name: "consumer", version: "1.0.0", private: true, license: "MIT", dependencies, ...manifest }, null, 2);
  writeFileSync(join(folder, "package.json"), `${text}\n`);
  if (workspace !== undefined) writeFileSync(join(folder, "pnpm-workspace.yaml"), `${workspace}\n`);
}

/**
 * Lines in which a package manager complains about what it installs. What it says about
 * the configuration of the machine, or about a flag of the test's own, is not about us.
 */
export function complaints(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => /\bwarn|deprecated|ignored build|approve-builds|unmet|peer dep/i.test(line))
    .filter((line) => !/unknown (user|env|project|cli) config|^warning Ignored scripts due to flag\.$/i.test(line));
}
