/** What the policy says about one path, in the order in which the jail applies it. */

import { dirname } from "node:path/posix";
import type { Origin, PathRule, Policy } from "./policy/policy.js";
import { isWithin } from "./policy/paths.js";

/** How a path looks from inside. */
export type Visibility =
  /** A rule decides about it. */
  | { readonly kind: "rule"; readonly rule: PathRule }
  /** It lies in a directory that is the sandbox's own: empty at the start, thrown away at the end. */
  | { readonly kind: "private"; readonly directory: string }
  /** It is there only because something below it is visible. */
  | { readonly kind: "skeleton" }
  /** It does not exist inside; `top` is the highest directory of its path that does not. */
  | { readonly kind: "hidden"; readonly top: string };

/** `privateDirectories` are those that the jail makes itself, such as /tmp and HOME. */
export function visibility(path: string, { paths }: Pick<Policy, "paths">, privateDirectories: readonly string[]): Visibility {
  const rule = longest(paths.filter((candidate) => isWithin(path, candidate.path)), (candidate) => candidate.path);
  const directory = longest(privateDirectories.filter((candidate) => isWithin(path, candidate)), (candidate) => candidate);
  if (rule !== undefined && (directory === undefined || rule.path.length >= directory.length)) return { kind: "rule", rule };
  if (directory !== undefined) return { kind: "private", directory };
  const visible = [...paths.map((candidate) => candidate.path), ...privateDirectories];
  const leadsTo = (ancestor: string): boolean => visible.some((place) => isWithin(place, ancestor));
  if (leadsTo(path)) return { kind: "skeleton" };
  let top = path;
  while (dirname(top) !== top && !leadsTo(dirname(top)) && dirname(top) !== "/") top = dirname(top);
  return { kind: "hidden", top };
}

function longest<T>(candidates: readonly T[], pathOf: (candidate: T) => string): T | undefined {
  return candidates.reduce<T | undefined>(
    (best, candidate) => (best === undefined || pathOf(candidate).length > pathOf(best).length ? candidate : best),
    undefined,
  );
}

/** Who says so, to begin a sentence with: `default policy`, `flag --read /srv`, `policy.toml:3`. */
export function authority(origin: Origin): string {
  switch (origin.kind) {
    case "default": return "default policy";
    case "profile": return `profile ${origin.name}`;
    case "file": return `${origin.file}:${origin.line}`;
    case "flag": return `flag ${origin.flag}`;
    case "api": return "policy object";
  }
}
