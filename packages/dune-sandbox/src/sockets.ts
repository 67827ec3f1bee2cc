/**
 * Unix sockets that lie in what the policy grants. Neither a mount nor Landlock (as of ABI 7) keeps a
 * program from connecting to one, and whoever listens may hand it anything, descriptors included. We
 * cannot refuse them without breaking the program's own; so they are looked for, and named.
 */

import { readdirSync } from "node:fs";
import type { Dirent } from "node:fs";
import { join } from "node:path";
import type { PathRule } from "./policy/policy.js";

/** Sockets lie where people put them, near the top; a walk through node_modules would cost more than it finds. */
const DEEPEST = 2;
const MOST_ENTRIES = 2000;
const SKIPPED = new Set(["node_modules", ".git"]);

/** Sockets near the top of the directories that were granted by name, sorted. */
export function grantedSockets(paths: readonly Pick<PathRule, "path" | "optional">[]): string[] {
  const walk = new Walk();
  for (const rule of paths.filter(({ optional }) => !optional)) walk.visit(rule.path, 0);
  return [...walk.sockets].sort();
}

class Walk {
  readonly sockets = new Set<string>();
  #left = MOST_ENTRIES;

  visit(directory: string, depth: number): void {
    for (const entry of entriesOf(directory)) {
      if (this.#left-- <= 0) return;
      const path = join(directory, entry.name);
      if (entry.isSocket()) this.sockets.add(path);
      else if (entry.isDirectory() && depth < DEEPEST && !SKIPPED.has(entry.name)) this.visit(path, depth + 1);
    }
  }
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return []; // a file, or not ours to list: then not the program's either
  }
}
