/** What a dry run changed, in as few lines as say it. */

import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isWithin } from "./policy/paths.js";
import { formatSize } from "./policy/units.js";
import { quote } from "./quote.js";
import type { Change } from "./wire.js";

/** A change as it is listed: whole new directories and renamed ones are one line. */
export interface ListedChange {
  readonly kind: Change["kind"] | "renamed";
  readonly path: string;
  /** Where a renamed directory was. */
  readonly from?: string;
  /** Files in a created directory. */
  readonly files?: number;
  readonly size: number;
}

/** Relative paths and sizes of the files below a directory. */
type Inventory = ReadonlyMap<string, number>;

/**
 * Folds a listing. An overlay has no renamed directories: it sees one deleted, and one created with
 * the same files (overlayfs: redirect_dir needs privileges).
 *
 * @param inventory what the host, which nothing has changed, has in a directory; undefined if it is none
 */
export function foldChanges(changes: readonly Change[], inventory: (path: string) => Inventory | undefined = hostInventory): ListedChange[] {
  // What is below a directory comes right after it, before "build-x" and "build.log".
  const key = ({ path }: Change): string => path.replaceAll("/", "\0");
  const sorted = [...changes].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const folded: ListedChange[] = [];
  let above: { path: string; inside: Map<string, number>; index: number } | undefined;
  for (const change of sorted) {
    if (above !== undefined && change.kind === "created" && isWithin(change.path, above.path)) {
      if (!sorted.some(({ path }) => path !== change.path && isWithin(path, change.path))) above.inside.set(change.path.slice(above.path.length), change.size);
      const { path, inside, index } = above;
      folded[index] = { kind: "created", path, files: inside.size, size: [...inside.values()].reduce((a, b) => a + b, 0) };
      continue;
    }
    const isDirectory = change.kind === "created" && sorted.some(({ path }) => path !== change.path && isWithin(path, change.path));
    above = isDirectory ? { path: change.path, inside: new Map(), index: folded.length } : undefined;
    folded.push(change);
  }
  return foldRenames(folded, sorted, inventory);
}

function foldRenames(folded: readonly ListedChange[], all: readonly Change[], inventory: (path: string) => Inventory | undefined): ListedChange[] {
  const deleted = folded.filter(({ kind }) => kind === "deleted").map(({ path }) => path);
  const sources = new Set<string>();
  const renamed = folded.map((change) => {
    if (change.files === undefined) return change;
    const now = new Map(all.filter(({ path }) => path !== change.path && isWithin(path, change.path)).map(({ path, size }) => [path.slice(change.path.length), size]));
    const from = deleted.find((path) => !sources.has(path) && sameFiles(inventory(path), now));
    if (from === undefined) return change;
    sources.add(from);
    return { ...change, kind: "renamed" as const, from };
  });
  return renamed.filter(({ kind, path }) => kind !== "deleted" || !sources.has(path));
}

function sameFiles(before: Inventory | undefined, now: Inventory): boolean {
  if (before === undefined || before.size === 0) return false;
  return [...before].every(([path, size]) => now.get(path) === size) && [...now].every(([path, size]) => size === 0 || before.has(path));
}

function hostInventory(directory: string): Inventory | undefined {
  try {
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return new Map(files.map((entry) => join(entry.parentPath, entry.name)).map((path) => [path.slice(directory.length), lstatSync(path).size]));
  } catch {
    return undefined;
  }
}

/** The listing as text; empty directories and files end in nothing, directories with files in a slash. */
export function formatChanges(changes: readonly Change[]): string {
  const listed = foldChanges(changes);
  if (listed.length === 0) return "dune-sandbox: dry run: nothing was changed\n";
  const lines = listed.map(({ kind, path, from, files, size }) => {
    const what = files === undefined ? quote(path) : `${quote(path)}/ (${files} files, ${formatSize(size)})`;
    const detail = from !== undefined ? ` from ${quote(from)}` : files === undefined && kind !== "deleted" ? ` (${formatSize(size)})` : "";
    return `  ${kind.padEnd(8)}  ${what}${detail}`;
  });
  return ["dune-sandbox: dry run: these changes were thrown away", ...lines, ""].join("\n");
}
