/** From the paths that the layers name to the rules about real paths. */

import { PolicyError, SandboxError } from "../errors.js";
import type { SandboxErrorOptions } from "../errors.js";
import type { ResolvedProgram } from "../program.js";
import { printable, quote } from "../quote.js";
import { tooMuch } from "./defaults.js";
import type { FieldPath, PolicyLayer, ResolvedPath } from "./input.js";
import { absolutePath, isWithin, normalised, resolveHostPath } from "./paths.js";
import type { Access, Link, Origin, PathRule } from "./policy.js";
import { fieldName } from "./problem.js";

/** What paths depend on. */
export interface PathContext {
  /** The caller's working directory, absolute. */
  readonly cwd: string;
  /** The caller's home directory, absolute. */
  readonly home: string;
  /** The program to be run; it may read and execute its own file and its interpreters. */
  readonly program?: ResolvedProgram | undefined;
  /** Follows symbolic links; throws an `ErrnoException` as `realpath(3)` does. Default: the host's file system. */
  readonly resolve?: ((path: string) => ResolvedPath) | undefined;
}


const ACCESS = {
  read: { read: true, write: false, exec: false },
  write: { read: true, write: true, exec: false },
  exec: { read: true, write: false, exec: true },
} as const satisfies Record<string, Access>;

const ALL_ACCESS: Access = { read: true, write: true, exec: true };
const DEFAULT: Origin = { kind: "default" };

class PathRules {
  readonly #rules = new Map<string, PathRule>();

  add({ path, links }: ResolvedPath, access: Access, origin: Origin, optional: boolean): void {
    const old = this.#rules.get(path);
    const sum = {
      read: access.read || (old?.read ?? false),
      write: access.write || (old?.write ?? false),
      exec: access.exec || (old?.exec ?? false),
    };
    this.#rules.set(path, {
      path,
      ...sum,
      origin: old !== undefined && sameAccess(old, sum) ? old.origin : origin,
      optional: optional && (old?.optional ?? true),
      links: union(old?.links ?? [], links),
    });
  }

  /** The rule that decides about `path`: the one of the longest path above it. */
  covering(path: string): PathRule | undefined {
    return covering(this.list(), path);
  }

  /** By path, so that a directory comes before what lies in it. */
  list(): PathRule[] {
    return [...this.#rules.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

/** The rules of all layers, of the working directory and of the program, by path. */
export function mergePaths(layers: readonly PolicyLayer[], context: PathContext): PathRule[] {
  const { resolve = resolveHostPath } = context;
  const rules = new PathRules();
  const asked: Grant[] = [];
  for (const layer of layers) {
    for (const grant of grants(layer, context.home, resolve)) {
      rules.add(grant.found, ACCESS[grant.access], grant.origin, layer.optional);
      if (!layer.optional) asked.push(grant);
    }
  }
  addWorkingDirectory(rules, context, resolve);
  if (context.program !== undefined) addProgram(rules, context.program);
  for (const grant of asked) refusePlantedLink(grant, rules);
  for (const { file } of layers) if (file !== undefined) protectPolicyFile(rules, file, resolve);
  return withoutRepetition(rules.list());
}

/**
 * Each rule costs a mount and each link a call. Left out are system directories that a wider rule
 * covers with the same access (`/usr/lib`, which is `/lib`), and links that a granted directory contains.
 */
function withoutRepetition(rules: readonly PathRule[]): PathRule[] {
  const kept: PathRule[] = [];
  const stray: Link[] = [];
  for (const rule of rules) {
    const wider = covering(kept, rule.path);
    if (rule.optional && wider !== undefined && sameAccess(wider, rule)) stray.push(...rule.links);
    else kept.push(rule);
  }
  const contained = (link: Link) => kept.some(({ path }) => isWithin(link.path, path));
  // Links of rules that were left out go with the first rule: it does not matter which one makes them.
  return kept.map((rule, index) => ({
    ...rule,
    links: (index === 0 ? union(rule.links, stray) : rule.links).filter((link) => !contained(link)),
  }));
}

function sameAccess(a: Access, b: Access): boolean {
  return a.read === b.read && a.write === b.write && a.exec === b.exec;
}

/** The rule that decides about `path`: the one of the longest path above it. `rules` are in order. */
function covering(rules: readonly PathRule[], path: string): PathRule | undefined {
  return rules.filter((rule) => isWithin(path, rule.path)).at(-1);
}

/** A path that a layer grants, and what it is on this host. */
interface Grant {
  readonly text: string;
  readonly access: keyof typeof ACCESS;
  readonly field: FieldPath;
  readonly origin: Origin;
  readonly found: ResolvedPath;
}

function grants(layer: PolicyLayer, home: string, resolve: (path: string) => ResolvedPath): Grant[] {
  return (["read", "write", "exec"] as const).flatMap((access) =>
    (layer.input.filesystem?.[access] ?? []).flatMap((text, index) => {
      const field = ["filesystem", access, index];
      const origin = layer.origin(field);
      const written = absolutePath(text, layer.base, home);
      const found = layer.optional ? attempt(() => resolve(written)) : required(() => resolve(written), written, { text, access, field, origin });
      if (found === undefined) return [];
      const grant = { text, access, field, origin, found };
      if (!layer.optional) refuseUngrantable(grant);
      return [grant];
    }),
  );
}

function attempt(resolve: () => ResolvedPath): ResolvedPath | undefined {
  try {
    return resolve();
  } catch {
    return undefined;
  }
}

function required(resolve: () => ResolvedPath, written: string, grant: Omit<Grant, "found">): ResolvedPath {
  try {
    return resolve();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const shown = quote(normalised(written));
    const why = code === "ENOENT" ? `there is no ${shown}` : `${shown} cannot be reached (${String(code)})`;
    // To be written, an empty directory is enough; to be read, it would only hide the mistake.
    const fix = code === "ENOENT" && grant.access === "write" ? `mkdir -p ${shown}` : undefined;
    throw ruleError(grant, why, { cause, fix });
  }
}

/** The jail has its own root and its own /proc; the host's cannot be put in their place. */
function refuseUngrantable(grant: Grant): void {
  const { path, links } = grant.found;
  if (path === "/") throw ruleError(grant, "this is the whole file system; name the directories below it that are needed");
  if (isWithin(path, "/proc") || links.some((link) => isWithin(link.path, "/proc"))) {
    throw ruleError(grant, "this is in /proc; the sandbox has its own, with its own processes only");
  }
}

/** A program may have planted the link on an earlier run, so that this run grants what the link says. */
function refusePlantedLink(grant: Grant, rules: PathRules): void {
  for (const { path, text } of grant.found.links) {
    const around = rules.covering(path);
    if (around?.write !== true || isWithin(grant.found.path, around.path)) continue;
    const real = quote(grant.found.path);
    throw ruleError(grant, `${quote(path)} is a link (to ${quote(text)}) in a directory that programs may write, and leads out of it`, { fix: `name ${real} itself, if that is what is meant` });
  }
}

/** A program that could rewrite its policy would be free on the next run. Whoever wants that names the file itself. */
function protectPolicyFile(rules: PathRules, file: string, resolve: (path: string) => ResolvedPath): void {
  const found = attempt(() => resolve(file));
  if (found === undefined) return;
  const covering = rules.covering(found.path);
  if (covering?.write === true && covering.path !== found.path) rules.add(found, ACCESS.read, { kind: "file", file, line: 1 }, false);
}

function addWorkingDirectory(rules: PathRules, { cwd, home }: PathContext, resolve: (path: string) => ResolvedPath): void {
  const found = attempt(() => resolve(cwd));
  if (found === undefined) throw new SandboxError("ERR_SANDBOX_CWD", `The working directory ${quote(cwd)} is not there any more`, { fix: "cd into a directory that exists" });
  // Rules of defaults and profiles do not count: nobody asked for them with this directory in mind.
  const asked = rules.list().some((rule) => rule.path === found.path && !rule.optional);
  if (asked) return;
  const reason = tooMuch(found.path, attempt(() => resolve(home))?.path ?? home);
  if (reason !== undefined) throw workingDirectoryError(found.path, reason);
  rules.add(found, ALL_ACCESS, DEFAULT, false);
}

function workingDirectoryError(cwd: string, reason: string): SandboxError {
  const insist = cwd === "/" ? "" : `, or add --write "$PWD" to insist`;
  return new SandboxError(
    "ERR_SANDBOX_CWD",
    `The working directory ${quote(cwd)} ${reason}; a program may read and change everything in its working directory`,
    { fix: `cd into a directory of its own${insist}` },
  );
}

/**
 * The program gets a rule of its own where the others do not already let it start: the caller named it.
 * Interpreters and loaders get none: the program names them, and would grant itself what it likes.
 */
function addProgram(rules: PathRules, { path, links, spelled, extraReads }: ResolvedProgram): void {
  const around = rules.covering(path);
  if (around?.exec !== true) rules.add({ path, links }, { read: true, write: around?.write ?? false, exec: true }, DEFAULT, false);
  const outside = extraReads.find((needed) => rules.covering(needed.path)?.exec !== true);
  if (outside === undefined) return;
  throw new SandboxError(
    "ERR_SANDBOX_PROGRAM_INTERPRETER_MISSING",
    `${quote(spelled)} names ${quote(outside.path)} as its interpreter or loader, which the policy does not let it execute`,
    { fix: `--exec ${quote(outside.path)}` },
  );
}

function union(old: readonly Link[], more: readonly Link[]): Link[] {
  return [...old, ...more.filter((link) => !old.some(({ path }) => path === link.path))];
}

/** An error about one rule, in the words of whoever wrote it. */
function ruleError({ text, field, origin }: Omit<Grant, "found">, why: string, options: SandboxErrorOptions = {}): SandboxError {
  const name = fieldName(field);
  switch (origin.kind) {
    case "flag":
      return new SandboxError("ERR_SANDBOX_OPTION", `${printable(origin.flag)}: ${why}`, options);
    case "file":
      return new PolicyError(`${quote(origin.file)}:${origin.line}: ${name}: ${quote(text)}: ${why}`, { ...options, file: origin.file, line: origin.line, field: name });
    case "default":
    case "profile":
    case "api":
      return new PolicyError(`The policy's ${name}: ${quote(text)}: ${why}`, { ...options, field: name });
  }
}
