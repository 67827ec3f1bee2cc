/** Runs commands as somebody and collects what comes out. */

import { spawn } from "node:child_process";
import type { IOType } from "node:child_process";
import { constants } from "node:os";
import { describe, inject } from "vitest";

/** The command line tool as installed (see `installed.ts`). */
export const CLI = inject("cli");

/** Who runs a command. */
export interface Identity {
  readonly name: "root" | "user";
  readonly uid: number;
  readonly gid: number;
  /** Put before a command. */
  readonly prefix: readonly string[];
}

const own = process.getuid?.() ?? 0;
const UNPRIVILEGED = 1000;

export const ROOT: Identity = { name: "root", uid: 0, gid: 0, prefix: [] };
export const USER: Identity =
  own === 0
    ? {
        name: "user",
        uid: UNPRIVILEGED,
        gid: UNPRIVILEGED,
        prefix: ["setpriv", `--reuid=${UNPRIVILEGED}`, `--regid=${UNPRIVILEGED}`, "--clear-groups", "--"],
      }
    : { name: "user", uid: own, gid: process.getgid?.() ?? own, prefix: [] };

/** A group of tests for each identity; that of root is skipped where the tests do not run as root. */
export function asEveryone(title: string, tests: (identity: Identity) => void): void {
  describe.skipIf(own !== 0)(`${title}, as root${own === 0 ? "" : " (skipped: the tests do not run as root)"}`, () => {
    tests(ROOT);
  });
  describe(`${title}, as an unprivileged user`, () => {
    tests(USER);
  });
}

export interface RunOptions {
  readonly as?: Identity;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Text for stdin, or a descriptor to use as it is. Default: an empty stdin. */
  readonly stdin?: string | number;
  /** Descriptors of this process that become 3, 4, ... in the child. */
  readonly leak?: readonly number[];
  /** Milliseconds after which the command counts as hung and is killed. */
  readonly patience?: number;
  /** Called with the child's pid as soon as there is one. */
  readonly onStart?: (pid: number) => void;
}

export interface Outcome {
  /** As a shell would say it: the exit status, or 128 + signal. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function run(command: readonly string[], options: RunOptions): Promise<Outcome> {
  const [file = "", ...args] = [...(options.as ?? ROOT).prefix, ...command];
  const stdin: IOType | number = typeof options.stdin === "number" ? options.stdin : "pipe";
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", ...options.env },
    stdio: [stdin, "pipe", "pipe", ...(options.leak ?? [])],
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  child.stdin?.on("error", () => undefined); // a program need not read it
  child.stdin?.end(typeof options.stdin === "string" ? options.stdin : "");
  const patience = options.patience ?? 40_000;
  const hung = new AbortController();
  const timer = setTimeout(() => {
    hung.abort();
    child.kill("SIGKILL");
  }, patience);
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => options.onStart?.(child.pid ?? 0));
    child.once("exit", (code, signal) => {
      // A process that outlives the command may hold its pipes open: do not wait for that one.
      const waiting = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, 1000);
      child.once("close", () => {
        clearTimeout(waiting);
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  }).finally(() => {
    clearTimeout(timer);
  });
  if (hung.signal.aborted) throw new Error(`hung for ${patience} ms: ${command.join(" ")}\n${stderr()}`);
  return { status, stdout: stdout(), stderr: stderr() };
}

/** Runs `dune-sandbox` with the given arguments. */
export function sandbox(args: readonly string[], options: RunOptions): Promise<Outcome> {
  return run([process.execPath, CLI, ...args], options);
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}
