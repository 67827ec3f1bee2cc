import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The directory of this package, from its sources as well as from its build: where `profiles/` and `prebuilds/` lie. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error("@dune/sandbox is not installed as a package: it has no package.json above its code");
    directory = parent;
  }
  return directory;
}
