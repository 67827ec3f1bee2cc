/** From the name of a program to the file to execute, or to the reason why that cannot work. */

import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { basename, join, resolve } from "node:path";
import { DuneError, readElf } from "@dune/libdune";
import type { ElfFile } from "@dune/libdune";
import { SandboxError } from "./errors.js";
import type { SandboxErrorCode } from "./errors.js";
import type { ResolvedPath } from "./policy/input.js";
import { resolveHostPath } from "./policy/paths.js";
import type { Link } from "./policy/policy.js";
import { quote } from "./quote.js";
import { envProgram, HEAD_BYTES, readShebang } from "./shebang.js";

/** A program that can be started, and what it takes to start it. */
export interface ResolvedProgram {
  /** Absolute real path of the file to execute. */
  readonly path: string;
  /** Absolute path as it was named or found through PATH, before links were followed. Execute this one: programs look beside their `$0`. */
  readonly spelled: string;
  /** Symbolic links between `spelled` and `path`. */
  readonly links: readonly Link[];
  /** The name as it was typed: argv[0]. */
  readonly argv0: string;
  readonly kind: "elf" | "script";
  /** Script: the interpreter named after `#!`. ELF: the dynamic loader, if it has one. */
  readonly interpreter?: string | undefined;
  /** The other files that must be readable and executable for it to start: interpreters and loaders. */
  readonly extraReads: readonly ResolvedPath[];
}

export interface ProgramContext {
  /** What relative names start from. */
  readonly cwd: string;
  /** The PATH in which a name without a slash is looked up. */
  readonly path?: string | undefined;
}

/** What execvp(3) takes where PATH is not set. */
const DEFAULT_PATH = "/bin:/usr/bin";

/** The kernel's limit for scripts whose interpreter is a script again (fs/exec.c). */
const MAX_SCRIPTS = 5;

/**
 * Finds a program and checks what the kernel would check, so that each way of failing gets its own message.
 *
 * @param name with a slash a path, else looked up in PATH
 * @throws {SandboxError} `ERR_SANDBOX_PROGRAM_*`
 */
export function resolveProgram(name: string, context: ProgramContext): ResolvedProgram {
  if (name === "" || name.includes("\0")) throw failure("NOT_FOUND", `${quote(name)} cannot be the name of a program`);
  const spelled = name.includes("/") ? resolve(context.cwd, name) : searchPath(name, context);
  const { path, links } = locate(spelled, name);
  const image = inspect(path, spelled, context, 1);
  return { path, spelled, links, argv0: name, ...image };
}

type Image = Pick<ResolvedProgram, "kind" | "interpreter" | "extraReads">;

function searchPath(name: string, { cwd, path = DEFAULT_PATH }: ProgramContext): string {
  let unusable: string | undefined;
  for (const directory of path.split(":")) {
    // An empty entry means the working directory, as for execvp(3).
    const candidate = join(resolve(cwd, directory), name);
    if (statOf(candidate)?.isFile() !== true) continue;
    if (isExecutable(candidate)) return candidate;
    unusable ??= candidate;
  }
  if (unusable !== undefined) return unusable;
  const here = statOf(join(cwd, name))?.isFile() === true ? `./${name}` : undefined;
  throw failure("NOT_FOUND", `There is no program ${quote(name)} in PATH`, here === undefined ? undefined : `dune-sandbox ${quote(here)}`);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function locate(spelled: string, name: string): ResolvedPath {
  try {
    return resolveHostPath(spelled);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      ENOTDIR: "a part of its path is not a directory",
      EACCES: "a directory on its path may not be searched",
      ELOOP: "its path runs through too many symbolic links",
      ENAMETOOLONG: "its name is too long",
    };
    throw failure(code === "EACCES" ? "NOT_EXECUTABLE" : "NOT_FOUND", `${quote(name)} cannot be run: ${reasons[code] ?? code}`, undefined, cause);
  }
}

/** `path` is real; `shown` is how the user knows it. */
function inspect(path: string, shown: string, context: ProgramContext, depth: number): Image {
  const name = quote(shown);
  const stat = statSync(path);
  if (stat.isDirectory()) throw failure("IS_DIRECTORY", `${name} is a directory, not a program`);
  if (!stat.isFile()) throw failure("NOT_EXECUTABLE", `${name} is not a regular file`);
  if (!isExecutable(path)) throw notExecutable(name, stat);
  const head = readHead(path, name);
  if (head.length === 0) throw failure("NOT_EXECUTABLE", `${name} is empty`);
  if (head.subarray(0, 2).equals(Buffer.from("#!"))) return inspectScript(head, name, context, depth);
  if (isElf(head)) return inspectElf(path, name, context);
  throw unknownFormat(head, name, shown);
}

function notExecutable(name: string, { mode }: Stats): SandboxError {
  const marked = (mode & 0o111) !== 0;
  return marked
    ? failure("NOT_EXECUTABLE", `${name} may not be executed by this user, or lies in a file system mounted noexec`)
    : failure("NOT_EXECUTABLE", `${name} is not marked as executable`, `chmod +x ${name}`);
}

function readHead(path: string, name: string): Buffer {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const buffer = Buffer.alloc(HEAD_BYTES);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, HEAD_BYTES, 0));
  } catch (cause) {
    throw failure("NOT_EXECUTABLE", `${name} cannot be read, so it cannot be checked`, `chmod +r ${name}`, cause);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function inspectScript(head: Buffer, name: string, context: ProgramContext, depth: number): Image {
  const shebang = readShebang(head);
  if ("problem" in shebang) throw failure("BAD_SHEBANG", `The first line of ${name} ${shebang.problem}`);
  const { interpreter } = shebang;
  if (shebang.carriageReturn) throw failure("BAD_SHEBANG", `The first line of ${name} ends in a carriage return, as Windows editors write it`, String.raw`sed -i 's/\r$//' ${name}`);
  if (depth > MAX_SCRIPTS) throw failure("BAD_SHEBANG", `${name} is the interpreter of a script whose interpreter is a script, ${MAX_SCRIPTS} times over`);
  const found = requireInterpreter(interpreter, `the interpreter ${quote(interpreter)} of ${name}`, context, depth);
  const wanted = envProgram(shebang);
  const second = wanted === undefined ? [] : requireEnvProgram(wanted, name, context, depth);
  return { kind: "script", interpreter, extraReads: [...found, ...second] };
}

/** `#!/usr/bin/env python3`: `env` starts, and then fails inside, where the message would not say why. */
function requireEnvProgram(wanted: string, name: string, context: ProgramContext, depth: number): ResolvedPath[] {
  try {
    const path = wanted.includes("/") ? resolve(context.cwd, wanted) : searchPath(wanted, context);
    return requireInterpreter(path, `the interpreter ${quote(wanted)} of ${name}`, context, depth);
  } catch (error) {
    if (!(error instanceof SandboxError) || error.code !== "ERR_SANDBOX_PROGRAM_NOT_FOUND") throw error;
    throw failure("INTERPRETER_MISSING", `The interpreter ${quote(wanted)} of ${name} is not in PATH`, undefined, error);
  }
}

/** The interpreter itself, and what it needs in its turn. */
function requireInterpreter(interpreter: string, what: string, context: ProgramContext, depth: number, fix?: string): ResolvedPath[] {
  let found: ResolvedPath;
  try {
    found = resolveHostPath(resolve(context.cwd, interpreter));
  } catch (cause) {
    throw failure("INTERPRETER_MISSING", `${capital(what)} is not there`, fix, cause);
  }
  const { extraReads } = inspect(found.path, interpreter, context, depth + 1);
  return [found, ...extraReads];
}

function inspectElf(path: string, name: string, context: ProgramContext): Image {
  const elf = parseElf(path, name);
  refuseArchitecture(elf, name);
  refuseType(elf, name);
  if (elf.interpreter === undefined) return { kind: "elf", extraReads: [] };
  const loader = elf.interpreter;
  const musl = basename(loader).startsWith("ld-musl-");
  const what = `the dynamic loader ${quote(loader)}, which ${name} needs,`;
  return { kind: "elf", interpreter: loader, extraReads: [requireLoader(loader, what, context, musl ? "apt install musl" : undefined)] };
}

/** The program chooses its loader, so it must not choose just any file: only what the kernel would take for one. */
function requireLoader(loader: string, what: string, context: ProgramContext, fix: string | undefined): ResolvedPath {
  let found: ResolvedPath;
  try {
    found = resolveHostPath(resolve(context.cwd, loader));
  } catch (cause) {
    throw failure("INTERPRETER_MISSING", `${capital(what)} is not there`, fix, cause);
  }
  if (!isLoader(found.path)) throw failure("NOT_EXECUTABLE", `${capital(what)} is not an executable ELF file`);
  return found;
}

function isLoader(path: string): boolean {
  return statOf(path)?.isFile() === true && isExecutable(path) && isElf(readHead(path, quote(path)));
}

function isElf(head: Buffer): boolean {
  return head.subarray(0, 4).equals(Buffer.from("\x7fELF", "latin1"));
}

function parseElf(path: string, name: string): ElfFile {
  try {
    return readElf(path);
  } catch (cause) {
    const why = cause instanceof DuneError ? cause.why : String(cause);
    throw failure("NOT_EXECUTABLE", `${name} is a damaged program: ${why}`, undefined, cause);
  }
}

function refuseArchitecture(elf: ElfFile, name: string): void {
  if (elf.machine === "i386" || (elf.machine === "x86-64" && elf.class === 32)) {
    const kind = elf.machine === "i386" ? "32-bit x86" : "x32";
    throw failure("WRONG_ARCHITECTURE", `${name} is a ${kind} program; the sandbox refuses its system calls, whose numbers mean other calls here`, "build it for x86-64 (gcc -m64)");
  }
  if (elf.machine !== "x86-64" || elf.byteOrder !== "little") {
    throw failure("WRONG_ARCHITECTURE", `${name} is built for ${elf.machine}; this machine runs x86-64 programs`);
  }
}

function refuseType(elf: ElfFile, name: string): void {
  if (elf.type === "relocatable") throw failure("NOT_EXECUTABLE", `${name} is an object file; it must be linked first`, `gcc ${name} -o program`);
  if (elf.type === "core") throw failure("NOT_EXECUTABLE", `${name} is a core dump, not a program`);
  // A library is "shared" as a position-independent program is, but has neither a loader nor an entry.
  const library = elf.type === "shared" && elf.interpreter === undefined && elf.entry === 0n;
  if (library) throw failure("NOT_EXECUTABLE", `${name} is a shared library, not a program`);
  if (elf.type !== "executable" && elf.type !== "shared") throw failure("NOT_EXECUTABLE", `${name} is an ELF file, but not a program`);
}

const FOREIGN_FORMATS: readonly (readonly [magic: string, what: string])[] = [
  ["MZ", "a Windows program"],
  ["\xcf\xfa\xed\xfe", "a macOS program"],
  ["\xca\xfe\xba\xbe", "a macOS program or a Java class"],
  ["\0asm", "a WebAssembly module"],
  ["PK\x03\x04", "a zip or jar archive"],
  ["\x1f\x8b", "a gzip archive"],
];

function unknownFormat(head: Buffer, name: string, shown: string): SandboxError {
  const foreign = FOREIGN_FORMATS.find(([magic]) => head.subarray(0, magic.length).equals(Buffer.from(magic, "latin1")));
  if (foreign !== undefined) return failure("NOT_EXECUTABLE", `${name} is ${foreign[1]}, which Linux does not run by itself`);
  const text = !head.includes(0);
  if (!text) return failure("NOT_EXECUTABLE", `${name} is not a program: neither ELF nor a script that begins with #!`);
  return failure("NOT_EXECUTABLE", `${name} is a text file without a first line such as #!/bin/sh`, `dune-sandbox sh ${quote(shown)}`);
}

type ProgramErrorCode = Extract<SandboxErrorCode, `ERR_SANDBOX_PROGRAM_${string}`>;
type ProgramErrorName = ProgramErrorCode extends `ERR_SANDBOX_PROGRAM_${infer Name}` ? Name : never;

function failure(name: ProgramErrorName, message: string, fix?: string, cause?: unknown): SandboxError {
  return new SandboxError(`ERR_SANDBOX_PROGRAM_${name}`, message, { fix, cause });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
