/** From the policy's paths to the program's root: what is mounted where, and the Landlock rules that say the same. */

import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { ACCESS, accessFor } from "./landlock.js";
import { BIND } from "./plan.js";
import type { MountPlan } from "./plan.js";
import { isSystemDirectory } from "./policy/defaults.js";
import { isWithin } from "./policy/paths.js";
import type { PathRule } from "./policy/policy.js";

const MIB = 1 << 20;
const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];
const ALL: Pick<PathRule, "read" | "write" | "exec"> = { read: true, write: true, exec: true };

export interface RootOptions {
  readonly paths: readonly PathRule[];
  /** Real path of the caller's home; a private one takes its place. */
  readonly home: string;
  /** Bytes of each private tmpfs. */
  readonly tmp: number;
  /**
   * Mount what was granted by name with ids mapped: the caller is root, the program is not. Not the system's
   * directories, even if a policy file repeats them: all that only root may read there would become readable.
   */
  readonly idmap: boolean;
  /** Keep changes apart and throw them away (dry run); files that were granted by themselves are read-only. */
  readonly overlay: boolean;
  /** Generated files, by the path they replace. */
  readonly files: readonly { readonly path: string; readonly contents: string }[];
}

/** A Landlock rule: `access` is a mask of `LANDLOCK_ACCESS_FS_*` of the newest ABI. */
export interface RootRule {
  readonly path: string;
  readonly access: number;
}

/**
 * The mounts of the program's root, parents before children.
 *
 * @throws {NodeJS.ErrnoException} if a rule's path has gone since the policy was loaded
 */
export function rootMounts(options: RootOptions): MountPlan[] {
  const { idmap, overlay } = options;
  const mounts: MountPlan[] = [
    ...privateDirectories(options).map((target) => ({ kind: "tmpfs" as const, target, size: options.tmp, mode: target === options.home ? 0o700 : 0o1777 })),
    ...deviceMounts(options.tmp),
    ...anchored(necessary(effectivePaths(options))).map((rule) => ({
      kind: "bind" as const,
      source: rule.path,
      target: rule.path,
      flags: bindFlags(rule) | (idmap && !rule.optional && !isSystemDirectory(rule.path) ? BIND.idmap : 0) | (overlay && rule.write ? BIND.overlay : 0),
    })),
    ...symlinks(options.paths),
  ];
  // Generated files last: they cover what the binds brought.
  return [...mounts.sort(byTarget), ...fileMounts(options)];
}

/** The rules that Landlock enforces beside the mounts. Every path exists in the root made by `rootMounts`. */
export function rootRules(options: RootOptions): RootRule[] {
  const scratch = [...privateDirectories(options), "/dev/shm"];
  return [
    // What is not mounted is not there; listing the root itself gives nothing away.
    { path: "/", access: ACCESS.READ_DIR },
    ...grantRules(effectivePaths(options)),
    // Our own /dev holds the harmless devices only: one rule for all costs less than one for each.
    { path: "/dev", access: ACCESS.READ_DIR | ACCESS.READ_FILE | ACCESS.WRITE_FILE | ACCESS.IOCTL_DEV },
    { path: "/proc", access: PROC_READ | ACCESS.WRITE_FILE },
    ...scratch.map((path) => ({ path, access: accessFor(ALL, "directory") })),
    ...fileMounts(options).map(({ target }) => ({ path: target, access: ACCESS.READ_FILE })),
  ];
}

/** An overlay takes a directory; in a dry run a file granted by itself can only be kept by not writing it. */
function effectivePaths({ paths, overlay }: Pick<RootOptions, "paths" | "overlay">): readonly PathRule[] {
  return overlay ? paths.map((rule) => (rule.write && !isDirectory(rule.path) ? { ...rule, write: false } : rule)) : paths;
}

/** The rules for a root that is the host's own: nothing private, no listing of the root. */
export function hostRules(paths: readonly PathRule[]): RootRule[] {
  return [
    ...grantRules(paths),
    ...DEVICES.map((name) => ({ path: `/dev/${name}`, access: accessFor({ read: true, write: true, exec: false }, "device") })),
    // The host's own: nothing of it is covered by a mount, so nothing of it is to be written.
    { path: "/proc", access: PROC_READ },
  ];
}

/** Of another process /proc shows what ptrace may see, and Landlock forbids ptrace across its border. */
const PROC_READ = ACCESS.READ_DIR | ACCESS.READ_FILE;

function grantRules(paths: readonly PathRule[]): RootRule[] {
  return necessary(paths).map((rule) => ({ path: rule.path, access: accessFor(rule, isDirectory(rule.path) ? "directory" : "file") }));
}

/** A read-only rule below a writable one: mounts can express it, Landlock cannot. */
export function narrowedRules(paths: readonly PathRule[]): PathRule[] {
  return paths.filter((rule) => {
    const above = covering(rule, paths);
    return above !== undefined && ((above.write && !rule.write) || (above.exec && !rule.exec));
  });
}

/** /tmp and its kin, and the home, unless the policy grants the host's own there. */
export function privateDirectories({ paths, home }: Pick<RootOptions, "paths" | "home">): string[] {
  const granted = (directory: string) => paths.some((rule) => isWithin(directory, rule.path) && (!rule.optional || rule.path === directory));
  return ["/tmp", "/var/tmp", home].filter((directory) => !granted(directory));
}

/** Rules that say more than the rule above them; a mount for each of the others would only cost time. */
function necessary(paths: readonly PathRule[]): PathRule[] {
  return paths.filter((rule) => {
    const above = covering(rule, paths);
    return above?.read !== rule.read || above.write !== rule.write || above.exec !== rule.exec || above.optional !== rule.optional;
  });
}

/**
 * The rules, and one like the rule above for each directory between a rule and the writable one above it:
 * a mount point cannot be renamed (rename(2), EBUSY). Else the directory could be moved away with the
 * rule's mount in it, and another be put in its place.
 */
function anchored(rules: readonly PathRule[]): PathRule[] {
  const between = new Map<string, PathRule>();
  for (const rule of rules) {
    const above = covering(rule, rules);
    if (above?.write !== true) continue;
    for (let path = dirname(rule.path); path !== above.path; path = dirname(path)) between.set(path, { ...above, path, links: [] });
  }
  return [...rules, ...between.values()];
}

function covering(rule: PathRule, paths: readonly PathRule[]): PathRule | undefined {
  return paths.filter((other) => other.path !== rule.path && isWithin(rule.path, other.path)).sort((a, b) => a.path.length - b.path.length).at(-1);
}

function bindFlags({ write, exec }: PathRule): number {
  return (write ? 0 : BIND.readonly) | (exec ? 0 : BIND.noexec);
}

function deviceMounts(tmp: number): MountPlan[] {
  return [
    { kind: "tmpfs", target: "/dev", size: MIB, mode: 0o755 },
    { kind: "tmpfs", target: "/dev/shm", size: tmp, mode: 0o1777 },
    ...DEVICES.map((name) => ({ kind: "bind" as const, source: `/dev/${name}`, target: `/dev/${name}`, flags: BIND.device | BIND.noexec })),
    { kind: "symlink", target: "/dev/fd", text: "/proc/self/fd" },
    { kind: "symlink", target: "/dev/stdin", text: "/proc/self/fd/0" },
    { kind: "symlink", target: "/dev/stdout", text: "/proc/self/fd/1" },
    { kind: "symlink", target: "/dev/stderr", text: "/proc/self/fd/2" },
  ];
}

function symlinks(paths: readonly PathRule[]): MountPlan[] {
  const links = new Map(paths.flatMap((rule) => rule.links.map(({ path, text }) => [path, text] as const)));
  return [...links].map(([target, text]) => ({ kind: "symlink", target, text }));
}

/** A file is replaced where it is visible; in a private directory it is made. */
function fileMounts({ files, paths }: RootOptions): MountPlan[] {
  return files.map(({ path, contents }) => ({ kind: "file" as const, target: path, contents }))
    .filter(({ target }) => !paths.some((rule) => isWithin(target, rule.path)) || exists(target));
}

/** The real path of one of the host's configuration files, or the path itself where it has none. */
export function configurationFile(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isDirectory(path: string): boolean {
  return statSync(path).isDirectory();
}

function byTarget(a: MountPlan, b: MountPlan): number {
  return a.target < b.target ? -1 : a.target > b.target ? 1 : 0;
}
