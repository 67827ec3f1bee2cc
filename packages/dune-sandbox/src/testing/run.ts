/** Running programs in the sandbox and seeing what comes of it. */

import { readdirSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { Sandbox } from "../sandbox.js";
import type { SandboxOptions } from "../sandbox.js";
import type { SandboxResult } from "../result.js";
import { temporaryDirectory } from "./native.js";

export interface Outcome extends SandboxResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Waits for the end of a run whose streams nobody reads yet. */
export async function outcomeOf(box: Sandbox): Promise<Outcome> {
  const read = async (stream: NodeJS.ReadableStream | null): Promise<string> => (stream === null ? "" : text(stream));
  const [stdout, stderr, result] = await Promise.all([read(box.stdout), read(box.stderr), box.exit]);
  return { ...result, stdout, stderr };
}

/** Runs a program to its end, in a directory of its own unless the options say where. */
export async function run(program: string, args: readonly string[] = [], options: SandboxOptions = {}): Promise<Outcome> {
  const box = await Sandbox.spawn(program, args, { cwd: options.cwd ?? temporaryDirectory(), ...options });
  box.stdin?.end();
  return outcomeOf(box);
}

/** Runs a line of shell. */
export function sh(line: string, options: SandboxOptions = {}): Promise<Outcome> {
  return run("/bin/sh", ["-c", line], options);
}

/** Starts a line of shell and waits until it has printed `ready`. */
export async function startShell(line: string, options: SandboxOptions = {}): Promise<Sandbox> {
  const box = await Sandbox.spawn("/bin/sh", ["-c", line], { cwd: options.cwd ?? temporaryDirectory(), ...options });
  for await (const chunk of box.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    if (String(chunk).includes("ready")) return box;
  }
  throw new Error(`ended before it was ready: ${line}`);
}

/** Pids of the host's processes that have `word` among their arguments. */
export function processesWith(word: string): number[] {
  return readdirSync("/proc").map(Number).filter((pid) => {
    try {
      return pid > 0 && pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(word);
    } catch {
      return false; // it ended meanwhile
    }
  });
}
