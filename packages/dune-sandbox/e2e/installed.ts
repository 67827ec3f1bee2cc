/**
 * Puts the built package and what it depends on where everybody may read it. A clone may lie in a home
 * directory that the unprivileged user of these tests cannot enter; and this is how users have it: files
 * in node_modules, not a workspace.
 */

import { chmodSync, copyFileSync, cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Path of the installed command line tool. */
    readonly cli: string;
    /** Directory of the scripts that run beside the tests. */
    readonly scripts: string;
  }
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export function setup(project: TestProject): () => void {
  const directory = mkdtempSync(join(tmpdir(), "dune-installed-"));
  chmodSync(directory, 0o755);
  const modules = join(directory, "node_modules");
  install(fileURLToPath(new URL("..", import.meta.url)), modules, new Set());
  project.provide("cli", join(modules, "@dune/sandbox/dist/cli.js"));
  for (const script of ["host.py", "terminal.py"]) copyFileSync(fileURLToPath(new URL(script, import.meta.url)), join(directory, script));
  project.provide("scripts", directory);
  return () => {
    rmSync(directory, { recursive: true });
  };
}

/** Copies a package and, beside it, what it needs at run time. */
function install(source: string, modules: string, done: Set<string>): void {
  const { name, dependencies = {} } = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
  if (done.has(name)) return;
  done.add(name);
  cpSync(source, join(modules, name), { recursive: true, dereference: true, filter: (path) => !LEFT_OUT.has(basename(path)) || path === source });
  for (const dependency of Object.keys(dependencies)) install(realpathSync(findModule(dependency, source)), modules, done);
}

/** Not published, or not needed to run. */
const LEFT_OUT = new Set(["node_modules", "e2e", "escape", "bench", "src", ".turbo", "build"]);

/** As Node looks for it; pnpm keeps a package's dependencies beside it. */
function findModule(name: string, from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules", name);
    try {
      readFileSync(join(candidate, "package.json"));
      return candidate;
    } catch (error) {
      if (dirname(directory) === directory) throw error;
    }
  }
}
