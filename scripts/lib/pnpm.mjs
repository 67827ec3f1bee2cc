import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "./paths.mjs";
import { step } from "./step.mjs";

/** `packageManager` in package.json is the one place that pins pnpm. */
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = join(root, ".tools", packageManager.replace("@", "-"));
const bin = join(folder, "node_modules", ".bin");

/** Fetches the pinned pnpm through npm into .tools/ unless it is there, and puts it first on PATH. */
export async function ensurePnpm() {
  process.env.PATH = `${bin}${delimiter}${process.env.PATH ?? ""}`;
  const version = packageManager.slice(packageManager.indexOf("@") + 1);
  if (installedVersion() === version) return;
  await step(`fetch ${packageManager}`, [
    "npm", "install", "--prefix", folder, "--no-save", "--no-package-lock", "--no-fund", "--no-audit", packageManager,
  ]);
}

/** Asks the program itself: a fetch that was interrupted leaves files that do not run. */
function installedVersion() {
  const { status, stdout } = spawnSync(join(bin, "pnpm"), ["--version"], { cwd: folder, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}
