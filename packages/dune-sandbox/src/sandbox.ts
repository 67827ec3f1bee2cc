/** Running a program in the sandbox. */

import { resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Denial } from "./denial.js";
import { requirePlatform } from "./failure.js";
import type { Stream } from "./helper.js";
import type { Explain } from "./options.js";
import type { PolicyInput, PolicyLayer } from "./policy/input.js";
import { policyLayer, readPolicyFile } from "./policy/parse.js";
import { currentDirectory, prepare } from "./prepare.js";
import type { Protection, SandboxResult } from "./result.js";
import { Run } from "./run.js";
import type { Started } from "./run.js";
import { signalNumber } from "./signals.js";

export interface SandboxOptions {
  /** What the program may do beyond the default: an object, or the path of a TOML or JSON file. */
  readonly policy?: PolicyInput | string | undefined;
  /** Shorthand for `policy.limits`; counts last. */
  readonly limits?: PolicyInput["limits"];
  /** Working directory, which the program may change. Default: the caller's. */
  readonly cwd?: string | undefined;
  /** The environment from which the policy picks. Default: the caller's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Aborting it kills everything inside; `exit` then says SIGKILL. */
  readonly signal?: AbortSignal | undefined;
  /** stdin, stdout, stderr, each `"pipe"`, `"inherit"`, `"ignore"` or a descriptor. Default: `"pipe"`. */
  readonly stdio?: Stream | readonly [Stream, Stream, Stream] | undefined;
  /** Give the program a private terminal in place of each stream that is one. Default: false. */
  readonly terminal?: boolean | undefined;
  readonly engine?: "auto" | "process" | undefined;
  /** Run even where a layer cannot be had; `protection` says which. Default: false. */
  readonly bestEffort?: boolean | undefined;
  /** Throw the program's changes away at the end, and list them. Default: false. */
  readonly dryRun?: boolean | undefined;
  /** How much is supervised to explain refusals. Default: `"default"`. */
  readonly explain?: Explain | undefined;
}

/** As `SandboxOptions`, with the policy already in layers: what the command line starts from. */
export type LayeredOptions = Omit<SandboxOptions, "policy" | "limits"> & { readonly layers: readonly PolicyLayer[] };

/**
 * One run of a program.
 *
 * @example
 * await using box = await Sandbox.spawn("./untrusted", ["input.csv"], { limits: { wall: "5s" } });
 * for await (const denial of box.events) console.log(denial.rule, denial.allow);
 * const { code } = await box.exit;
 */
export class Sandbox implements AsyncDisposable {
  /** The program's standard streams; null where `stdio` is not `"pipe"`. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** The program's pid as the host counts. */
  readonly pid: number;
  readonly protection: Protection;
  /** Refusals as they happen, each once. For one reader. */
  readonly events: AsyncIterable<Denial>;
  /** Settles when the program and everything it started have ended. */
  readonly exit: Promise<SandboxResult>;
  readonly #run: Run;
  readonly #cleaned: Promise<void>;

  private constructor(run: Run, started: Started) {
    this.#run = run;
    this.stdin = started.stdin;
    this.stdout = started.stdout;
    this.stderr = started.stderr;
    this.pid = started.pid;
    this.protection = started.protection;
    this.events = run.events;
    this.exit = started.exit;
    const clean = (): Promise<void> => run.clean();
    this.#cleaned = started.exit.then(clean, clean);
  }

  /**
   * Starts `program` in the sandbox; resolves once it runs.
   *
   * @param program a path, or a name to look up in PATH
   * @throws {SandboxError} `ERR_SANDBOX_UNSUPPORTED` on other platforms, `ERR_SANDBOX_LAYER` if a layer of
   *   protection cannot be had, `ERR_SANDBOX_POLICY`, `ERR_SANDBOX_PROGRAM_*`, `ERR_SANDBOX_CWD`
   */
  static async spawn(program: string, args: readonly string[] = [], options: SandboxOptions = {}): Promise<Sandbox> {
    await requirePlatform();
    const { policy, limits, ...rest } = options;
    const cwd = workingDirectory(options);
    return Sandbox.#start(program, args, { ...rest, layers: apiLayers(policy, limits, cwd) });
  }

  /** @internal `spawn` for a policy in layers. */
  static async spawnLayered(program: string, args: readonly string[], options: LayeredOptions): Promise<Sandbox> {
    await requirePlatform();
    return Sandbox.#start(program, args, options);
  }

  static async #start(program: string, args: readonly string[], options: LayeredOptions): Promise<Sandbox> {
    const { layers, env = process.env, signal, stdio = "pipe" } = options;
    const cwd = workingDirectory(options);
    signal?.throwIfAborted();
    const run = new Run(prepare({ program, args, layers, cwd, env }), {
      stdio: typeof stdio === "object" ? stdio : [stdio, stdio, stdio],
      terminal: options.terminal ?? false,
      bestEffort: options.bestEffort ?? false,
      dryRun: options.dryRun ?? false,
      explain: options.explain ?? "default",
    });
    const abort = (): void => { run.signal(signalNumber("SIGKILL")); };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const started = await run.start();
      if (signal?.aborted === true) abort();
      const forget = (): void => { signal?.removeEventListener("abort", abort); };
      started.exit.then(forget, forget);
      return new Sandbox(run, started);
    } catch (error) {
      signal?.removeEventListener("abort", abort);
      await run.clean();
      throw error;
    }
  }

  /** Sends a signal to the program's process group; SIGKILL ends everything inside. */
  kill(signal: NodeJS.Signals | number = "SIGTERM"): void {
    this.#run.signal(signalNumber(signal));
  }

  /** Kills what still runs and waits until nothing is left of it: no process, no mount, no cgroup, no socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.#cleaned;
  }
}

function workingDirectory({ cwd }: Pick<SandboxOptions, "cwd">): string {
  return cwd === undefined ? currentDirectory() : resolve(cwd);
}

function apiLayers(policy: SandboxOptions["policy"], limits: SandboxOptions["limits"], cwd: string): PolicyLayer[] {
  const layers: PolicyLayer[] = [];
  if (typeof policy === "string") layers.push(readPolicyFile(policy, cwd));
  else if (policy !== undefined) layers.push(policyLayer(policy, cwd));
  if (limits !== undefined) layers.push(policyLayer({ limits }, cwd));
  return layers;
}
