import { spawnSync } from "node:child_process";
import { BenchError } from "./errors.js";

/** A command that is launched anew for every sample. */
export interface ProcessContestant {
  readonly kind: "process";
  readonly name: string;
  /** An absolute path saves a search of PATH in every sample. */
  readonly command: readonly [file: string, ...args: string[]];
  /** The whole environment; the caller's if left out. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What every run must do. Left out, a field stands for status 0 and no output. */
  readonly expect?: { readonly status?: number; readonly stdout?: string | RegExp; readonly stderr?: string | RegExp };
}

/** A function that is called for every sample, and awaited if it returns a promise. */
export interface FunctionContestant<Result = unknown> {
  readonly kind: "function";
  readonly name: string;
  run(): Result | Promise<Result>;
  /** Throws if the answer is wrong; runs outside the measured time. */
  verify(result: Result): void;
}

export type Contestant = ProcessContestant | FunctionContestant;

/** Runs a contestant once, checks what it did, and returns the nanoseconds it took. */
export async function sample(contestant: Contestant): Promise<number> {
  return contestant.kind === "process" ? launch(contestant) : call(contestant);
}

/**
 * spawnSync blocks this thread until the child has ended and its output is read, so
 * that nothing of ours runs meanwhile. What it costs itself (fork or clone, exec, two
 * pipes) is in every sample: measure a contestant that does nothing to see it.
 */
function launch({ name, command: [file, ...args], env, cwd, expect = {} }: ProcessContestant): number {
  const options = { env, cwd, stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"] };
  const started = process.hrtime.bigint();
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, options);
  const elapsed = Number(process.hrtime.bigint() - started);

  if (error !== undefined) throw wrong(name, `could not be run: ${error.message}`, error);
  const { status: wanted = 0 } = expect;
  if (status !== wanted) {
    const end = signal === null ? `with status ${status ?? "unknown"}` : `by ${signal}`;
    throw wrong(name, `ended ${end} instead of ${wanted}; stderr: ${quote(stderr.toString())}`);
  }
  checkText(name, "stdout", stdout.toString(), expect.stdout ?? "");
  checkText(name, "stderr", stderr.toString(), expect.stderr ?? "");
  return elapsed;
}

async function call(contestant: FunctionContestant): Promise<number> {
  const started = process.hrtime.bigint();
  const returned = contestant.run();
  // Awaiting a plain value would add a turn of the microtask queue to the sample.
  const result = returned instanceof Promise ? await (returned as Promise<unknown>) : returned;
  const elapsed = Number(process.hrtime.bigint() - started);
  try {
    contestant.verify(result);
  } catch (cause) {
    throw wrong(contestant.name, `gave a wrong answer: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  return elapsed;
}

function checkText(name: string, stream: string, seen: string, wanted: string | RegExp): void {
  const right = typeof wanted === "string" ? seen === wanted : wanted.test(seen);
  if (!right) throw wrong(name, `wrote ${quote(seen)} to ${stream} instead of ${typeof wanted === "string" ? quote(wanted) : String(wanted)}`);
}

/** The beginning of a text, on one line. */
function quote(text: string): string {
  const most = 200;
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}...` : text);
}

function wrong(name: string, what: string, cause?: unknown): BenchError {
  return new BenchError("ERR_BENCH_WRONG_RESULT", `${name} ${what}`, cause === undefined ? undefined : { cause });
}
