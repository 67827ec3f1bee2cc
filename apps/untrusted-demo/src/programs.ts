/** The untrusted programs, run without and with the sandbox. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Sandbox, type PolicyInput, type SandboxResult } from "@dune/sandbox";

const PREBUILDS = new URL("../prebuilds/linux-x64/", import.meta.url);

export const NOSY = fileURLToPath(new URL("nosy", PREBUILDS));
export const BOMB = fileURLToPath(new URL("bomb", PREBUILDS));

/** Milliseconds after which a program counts as hung. */
const PATIENCE = 10_000;

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the program. */
  readonly signal: AbortSignal;
}

/** Runs a program as the user who runs the demo, with nothing in its way. Returns what it printed. */
export async function runUnconfined(program: string, args: readonly string[], { cwd, env, signal }: RunOptions): Promise<string> {
  const child = spawn(program, args, { cwd, env, signal, timeout: PATIENCE, stdio: ["ignore", "pipe", "inherit"] });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return output;
}

export interface ConfinedOptions extends RunOptions {
  /** What it may do beyond the default. */
  readonly policy?: PolicyInput | undefined;
}

/** Runs a program in the sandbox. */
export async function runConfined(program: string, args: readonly string[], options: ConfinedOptions): Promise<{ output: string; result: SandboxResult }> {
  await using box = await Sandbox.spawn(program, args, { ...options, limits: { wall: PATIENCE }, stdio: ["ignore", "pipe", "inherit"] });
  const [output, result] = await Promise.all([box.stdout === null ? "" : text(box.stdout), box.exit]);
  options.signal.throwIfAborted();
  return { output, result };
}
