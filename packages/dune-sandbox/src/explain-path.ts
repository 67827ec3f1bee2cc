/** Explains refusals about files. */

import { dirname } from "node:path/posix";
import { flagFor, type ExplainContext, type Explanation } from "./explanation.js";
import type { HostView } from "./host-view.js";
import { ACCESS } from "./landlock.js";
import type { PolicyInput } from "./policy/input.js";
import { isWithin } from "./policy/paths.js";
import type { PathRule } from "./policy/policy.js";
import { authority, visibility, type Visibility } from "./visibility.js";

/** What a call tried to do with one path. */
export interface Attempt {
  readonly path: string;
  /** `LANDLOCK_ACCESS_FS_*` that it lacked. */
  readonly access: number;
  /** It makes or removes a name: what counts is the directory. */
  readonly entry: boolean;
  /** It is an open(2) of some kind. */
  readonly opens: boolean;
  /** It only looks at what is there. */
  readonly looks: boolean;
  /** It needs to own the file, not to be allowed to write it. */
  readonly owner: boolean;
  /** It may put its result in the place of something else. */
  readonly replaces: boolean;
}

type Kind = "read" | "write" | "exec";

const REMOVES = ACCESS.REMOVE_FILE | ACCESS.REMOVE_DIR;
const WRITES =
  ACCESS.WRITE_FILE | ACCESS.TRUNCATE | ACCESS.REFER | REMOVES | ACCESS.MAKE_CHAR | ACCESS.MAKE_DIR | ACCESS.MAKE_REG |
  ACCESS.MAKE_SOCK | ACCESS.MAKE_FIFO | ACCESS.MAKE_BLOCK | ACCESS.MAKE_SYM;

/**
 * The sandbox has its own of these, or they are asked by every language runtime to size its heap, or
 * by libc to find the name service's cache. Nothing fails because of them, and no policy should name them.
 */
const NEVER_EXPLAINED = ["/proc", "/dev", "/sys/fs/cgroup", "/sys/kernel/mm", "/run/nscd", "/var/run/nscd"];

/** Why `attempt` was refused; undefined if it would have failed on the host, too. */
export function explainPath(attempt: Attempt, context: ExplainContext): Explanation | undefined {
  const { path, access } = attempt;
  const { host } = context;
  if (!path.startsWith("/") || NEVER_EXPLAINED.some((place) => isWithin(path, place))) return undefined;
  const kind = kindOf(access);
  const place = visibility(path, context.policy, context.privateDirectories);
  const seeks = seeksDirectory(attempt, place, host);
  if (!seeks && (worksInside(attempt, kind, place) || !possibleOnHost(attempt, kind, host))) return undefined;
  const grant = seeks ? grantForDirectory(path, host) : grantFor(attempt, kind, host);
  return { kind, path, rule: ruleText(attempt, kind, place, host), ...grant };
}

function kindOf(access: number): Kind {
  if ((access & WRITES) !== 0) return "write";
  return (access & ACCESS.EXECUTE) !== 0 ? "exec" : "read";
}

/** mkdir -p goes on where a directory exists; where the host's is hidden it fails with another error, and ends there. */
function seeksDirectory({ path, access }: Attempt, place: Visibility, host: HostView): boolean {
  return place.kind === "hidden" && (access & ACCESS.MAKE_DIR) !== 0 && host.stat(path)?.directory === true;
}

/**
 * Directories on the way to something visible can be looked at, and new files in private ones are welcome.
 * Deeper down the jail reports a new file only where its directory is missing inside.
 */
function worksInside({ path, entry, opens, looks, access }: Attempt, kind: Kind, place: Visibility): boolean {
  if (place.kind === "skeleton") return looks;
  const makes = entry || (opens && (access & ACCESS.MAKE_REG) !== 0);
  return place.kind === "private" && kind === "write" && makes && dirname(path) === place.directory;
}

function possibleOnHost(attempt: Attempt, kind: Kind, host: HostView): boolean {
  const { path } = attempt;
  const file = host.stat(path);
  if (kind === "write") return writeable(attempt, host);
  if (file === undefined) return false;
  if (kind === "exec") return !file.directory && host.access(path, "exec");
  return attempt.looks || host.access(path, "read");
}

function writeable({ path, access, entry, opens, owner, replaces }: Attempt, host: HostView): boolean {
  const file = host.stat(path);
  const directory = dirname(path);
  const changesDirectory = host.stat(directory)?.directory === true && host.access(directory, "write");
  if (entry) {
    const removes = (access & REMOVES) !== 0;
    return changesDirectory && (removes ? file !== undefined : replaces || file === undefined);
  }
  if (file === undefined) return opens && (access & ACCESS.MAKE_REG) !== 0 && changesDirectory;
  if (owner) return host.uid === 0 || host.uid === file.uid;
  return !file.directory && host.access(path, "write");
}

function ruleText({ path }: Attempt, kind: Kind, place: Visibility, host: HostView): string {
  switch (place.kind) {
    case "rule":
      return ruleSays(path, kind, place.rule, host);
    case "private":
      return `default policy: ${place.directory} is private and starts empty`;
    case "skeleton":
      return `default policy: ${path} shows only what is granted below it`;
    case "hidden":
      return place.top === path ? `default policy: ${path} is not visible` : `default policy: nothing below ${place.top} is visible`;
  }
}

function ruleSays(path: string, kind: Kind, rule: PathRule, host: HostView): string {
  const who = authority(rule.origin);
  if (!rule[kind]) return `${who}: ${rule.path} ${kind === "exec" ? "may not be executed" : kind === "write" ? "is read-only" : "may not be read"}`;
  const { mode = 0, uid = 0 } = host.stat(path) ?? {};
  return `file permissions: mode ${mode.toString(8).padStart(4, "0")}, owner ${uid}; the program runs as an unprivileged user`;
}

function grantForDirectory(path: string, host: HostView): Pick<Explanation, "allow" | "input"> {
  const access = host.access(path, "write") ? "write" : "read";
  const allow = flagFor(`--${access}`, path);
  return allow === undefined ? {} : { allow, input: { filesystem: { [access]: [path] } } };
}

/** The narrowest grant: the file itself where it exists, its directory where names are made or removed. */
function grantFor(attempt: Attempt, kind: Kind, host: HostView): Pick<Explanation, "allow" | "input"> {
  const { path, entry } = attempt;
  const target = entry || host.stat(path) === undefined ? dirname(path) : path;
  const allow = flagFor(`--${kind}`, target);
  // No policy may grant the whole file system.
  if (target === "/" || allow === undefined) return {};
  const input: PolicyInput = { filesystem: { [kind]: [target] } };
  return { allow, input };
}
