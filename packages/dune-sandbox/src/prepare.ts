/** Everything that is decided before anything is started: program, policy, environment. */

import { realpathSync } from "node:fs";
import { homedir, totalmem } from "node:os";
import { dirname } from "node:path";
import { SandboxError } from "./errors.js";
import type { PolicyLayer } from "./policy/input.js";
import { mergePolicy } from "./policy/merge.js";
import type { Policy } from "./policy/policy.js";
import { resolveProgram } from "./program.js";
import type { ResolvedProgram } from "./program.js";
import { quote } from "./quote.js";

export interface Request {
  readonly program: string;
  readonly args: readonly string[];
  readonly layers: readonly PolicyLayer[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A request that can be carried out. */
export interface Prepared {
  readonly program: ResolvedProgram;
  readonly args: readonly string[];
  readonly policy: Policy;
  /** Real paths. */
  readonly cwd: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
}

/** @throws {SandboxError} `ERR_SANDBOX_CWD` if the working directory has been removed */
export function currentDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new SandboxError("ERR_SANDBOX_CWD", "The working directory is not there any more", { cause, fix: "cd into a directory that exists" });
  }
}

/** @throws {SandboxError} for whatever is wrong with the program or the policy */
export function prepare({ program: name, args, layers, cwd, env }: Request): Prepared {
  for (const argument of args) refuseNul("argument", argument);
  const program = resolveProgram(name, { cwd, path: env.PATH });
  const policy = resolvePolicy({ layers, cwd, env, program });
  return { program, args, policy, cwd: realDirectory(cwd), home: realHome(env), env };
}

/** The policy alone, for `--show-policy`. */
export function resolvePolicy({ layers, cwd, env, program }: Pick<Request, "layers" | "cwd" | "env"> & { readonly program?: ResolvedProgram | undefined }): Policy {
  return mergePolicy(layers, { cwd, home: realHome(env), memory: totalmem(), nodePrefix: dirname(dirname(realpathSync(process.execPath))), program });
}

function realDirectory(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new SandboxError("ERR_SANDBOX_CWD", `The working directory ${quote(path)} cannot be reached`, { cause });
  }
}

/** A home that is not there cannot leak; the sandbox still gives the program one at its place. */
function realHome(env: NodeJS.ProcessEnv): string {
  const home = env.HOME?.startsWith("/") === true ? env.HOME : homedir();
  try {
    return realpathSync(home);
  } catch {
    return home;
  }
}

function refuseNul(what: string, value: string): void {
  if (value.includes("\0")) throw new SandboxError("ERR_SANDBOX_OPTION", `The ${what} ${quote(value)} contains a NUL character, which no program can be given`);
}
