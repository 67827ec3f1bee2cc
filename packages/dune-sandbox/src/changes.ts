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
  const sorted = inOrder(changes);
  const folded: ListedChange[] = [];
  const created: NewDirectory[] = [];
  let end = 0;
  for (const [index, change] of sorted.entries()) {
    if (index < end) continue; // in the line of the directory above
    end = change.kind === "created" ? endOf(sorted, change.path, index + 1) : index + 1;
    const below = sorted.slice(index + 1, end);
    if (below.length === 0) {
      folded.push(change);
      continue;
    }
    const directory = newDirectory(change.path, below);
    created.push(directory);
    folded.push(directory.listed);
    for (const other of below) if (other.kind !== "created") folded.push(other);
  }
  return foldRenames(folded, created, inventory);
}

/** What is below a directory comes right after it, before "build-x" and "build.log". */
function inOrder(changes: readonly Change[]): Change[] {
  const keyed = changes.map((change) => ({ change, key: change.path.replaceAll("/", "\0") }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ change }) => change);
}

/** Index of the first change from `start` on that is not below `directory`. */
function endOf(sorted: readonly Change[], directory: string, start: number): number {
  let end = start;
  while (isBelow(sorted[end], directory)) end++;
  return end;
}

function isBelow(change: Change | undefined, directory: string): boolean {
  return change !== undefined && isWithin(change.path, directory);
}

/** A directory that was not there before. */
interface NewDirectory {
  readonly listed: ListedChange;
  /** What is in it, directories with size 0. */
  readonly now: Inventory;
}

function newDirectory(path: string, below: readonly Change[]): NewDirectory {
  const files = below.filter((change, index) => change.kind === "created" && !isBelow(below[index + 1], change.path));
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return {
    listed: { kind: "created", path, files: files.length, size },
    now: new Map(below.map((change) => [change.path.slice(path.length), change.size])),
  };
}

/** Directories with the same files but for empty ones: so many of them are compared. */
const MOST_ALIKE = 8;

function foldRenames(folded: readonly ListedChange[], created: readonly NewDirectory[], inventory: (path: string) => Inventory | undefined): ListedChange[] {
  if (created.length === 0) return [...folded];
  const old = new Map<string, { path: string; before: Inventory }[]>();
  for (const { path } of folded.filter(({ kind }) => kind === "deleted")) {
    const before = inventory(path);
    if (before === undefined) continue;
    const key = signature(before);
    const alike = old.get(key) ?? [];
    alike.push({ path, before });
    old.set(key, alike);
  }
  const sources = new Map<string, string>();
  for (const { listed, now } of created) {
    const alike = old.get(signature(now)) ?? [];
    const index = alike.slice(0, MOST_ALIKE).findIndex(({ before }) => sameFiles(before, now));
    const [from] = index === -1 ? [] : alike.splice(index, 1);
    if (from !== undefined) sources.set(listed.path, from.path);
  }
  const gone = new Set(sources.values());
  return folded.filter(({ kind, path }) => kind !== "deleted" || !gone.has(path)).map((change) => {
    const from = change.files === undefined ? undefined : sources.get(change.path);
    return from === undefined ? change : { ...change, kind: "renamed" as const, from };
  });
}

/** The same for inventories that may be of the same files. */
function signature(inventory: Inventory): string {
  return JSON.stringify([...inventory].filter(([, size]) => size > 0).sort());
}

function sameFiles(before: Inventory, now: Inventory): boolean {
  if (before.size === 0) return false;
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
