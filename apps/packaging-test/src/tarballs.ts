import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./command.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Where tools that are fetched for the tests are kept; out of version control. */
export const toolsFolder = join(root, ".tools");

/** Packs every package that is published, as `pnpm publish` would, and returns the tarballs by name. */
export async function packAll(destination: string): Promise<ReadonlyMap<string, string>> {
  const folder = join(root, "packages");
  const tarballs = new Map<string, string>();
  for (const directory of readdirSync(folder)) {
    const cwd = join(folder, directory);
    const { name, version } = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8")) as { name: string; version: string };
    const { status, stderr } = await run(cwd, ["pnpm", "pack", "--pack-destination", destination]);
    if (status !== 0) throw new Error(`pnpm pack of ${name} ended with ${status}: ${stderr}`);
    tarballs.set(name, join(destination, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`));
  }
  return tarballs;
}
