import { lstatSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { getSystemErrorName } from "node:util";
import type { ResolvedPath } from "./input.js";
import type { Link } from "./policy.js";

/** As the kernel: MAXSYMLINKS, path_resolution(7). */
const MAX_LINKS = 40;

const ENOTDIR = 20;
const ELOOP = 40;

/**
 * Follows `path` as the kernel would, and keeps the links that it came through. `..` is taken after
 * links, not before: `link/../x` is beside the link's target.
 *
 * @param path absolute
 * @throws {NodeJS.ErrnoException} as `realpath(3)`: ENOENT, ENOTDIR, EACCES, ELOOP
 */
export function resolveHostPath(path: string): ResolvedPath {
  const links: Link[] = [];
  const rest = path.split("/").reverse();
  let real = "/";
  let followed = 0;
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      real = dirname(real);
      continue;
    }
    const here = join(real, name);
    const stat = lstatSync(here);
    if (!stat.isSymbolicLink()) {
      if (!stat.isDirectory() && rest.length > 0) throw errno(ENOTDIR, here);
      real = here;
      continue;
    }
    followed += 1;
    if (followed > MAX_LINKS) throw errno(ELOOP, path);
    const text = readlinkSync(here);
    if (!links.some((link) => link.path === here)) links.push({ path: here, text });
    if (text.startsWith("/")) real = "/";
    rest.push(...text.split("/").reverse());
  }
  return { path: real, links };
}

/** A path as it was written, made absolute but not yet resolved. */
export function absolutePath(text: string, base: string, home: string): string {
  if (text === "~") return home;
  if (text.startsWith("~/")) return `${home}/${text.slice(2)}`;
  return text.startsWith("/") ? text : `${base}/${text}`;
}

/** Whether `path` is `directory` or lies below it; both absolute and normalised. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

/** `path` for a message: lexically normalised. */
export function normalised(path: string): string {
  return resolve("/", path);
}

function errno(number: number, path: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(-number);
  return Object.assign(new Error(`${code}: ${path}`), { errno: -number, code, path });
}
