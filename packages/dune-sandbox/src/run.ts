/** One run from before its start until nothing is left of it. */

import { constants } from "node:os";
import { isatty } from "node:tty";
import type { Readable, Writable } from "node:stream";
import { Cgroup } from "./cgroup.js";
import { DenialLog } from "./denial.js";
import type { Denial } from "./denial.js";
import { SandboxError } from "./errors.js";
import { explain, explainLookup } from "./explain.js";
import type { ExplainContext } from "./explain.js";
import { execError, isExecFailure, layersWithout, startError } from "./failure.js";
import type { StartFailure } from "./failure.js";
import { startHelper } from "./helper.js";
import type { Helper, Stream } from "./helper.js";
import { hostView } from "./host-view.js";
import { identityFor, isRoot } from "./identity.js";
import { ALL_LAYERS, HOSTNAME, planJail } from "./jail.js";
import { privateDirectories } from "./mounts.js";
import { planNetwork, RelayServer } from "./network.js";
import type { NetworkPlan } from "./network.js";
import type { Explain } from "./options.js";
import { OutputMeter } from "./output.js";
import type { Layer } from "./plan.js";
import type { Endpoint } from "./policy/policy.js";
import type { Prepared } from "./prepare.js";
import { EventQueue } from "./queue.js";
import type { LimitName } from "./report.js";
import type { LimitHit, Protection, SandboxResult } from "./result.js";
import { grantedSockets } from "./sockets.js";
import { endingOf } from "./signals.js";
import type { Ending } from "./signals.js";
import type { Change, Report, Usage } from "./wire.js";

const SIGKILL = 9;
const WATCH_MS = 100;
const RESUME_MS = 100;

export interface RunOptions {
  readonly stdio: readonly [Stream, Stream, Stream];
  readonly terminal: boolean;
  readonly bestEffort: boolean;
  readonly dryRun: boolean;
  readonly explain: Explain;
}

/** A program that runs. */
export interface Started {
  readonly pid: number;
  readonly protection: Protection;
  readonly exit: Promise<SandboxResult>;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

export class Run {
  /** Refusals as they happen, each once. */
  readonly events = new EventQueue<Denial>();
  readonly #prepared: Prepared;
  readonly #options: RunOptions;
  readonly #network: NetworkPlan;
  readonly #context: ExplainContext;
  readonly #log = new DenialLog();
  readonly #changes: Change[] = [];
  readonly #began = performance.now();
  #relay: RelayServer | undefined;
  #cgroup: Cgroup | undefined;
  #helper: Helper | undefined;
  #limit: LimitHit | undefined;
  #watch: NodeJS.Timeout | undefined;
  #meter: OutputMeter | undefined;

  constructor(prepared: Prepared, options: RunOptions) {
    this.#prepared = prepared;
    this.#options = options;
    this.#network = planNetwork(prepared.policy.network, HOSTNAME);
    this.#context = {
      policy: prepared.policy,
      host: hostView,
      privateDirectories: [...privateDirectories({ paths: prepared.policy.paths, home: prepared.home }), "/dev/shm"],
    };
  }

  /** @throws {SandboxError} if the jail cannot be built or the program not be executed */
  async start(): Promise<Started> {
    const { policy } = this.#prepared;
    let layers = policy.network.mode === "host" ? ALL_LAYERS.filter((layer) => layer !== "net") : ALL_LAYERS;
    const wanted = layers;
    for (;;) {
      const attempt = await this.#attempt(layers);
      if (attempt.report.type === "started") return this.#running(attempt, layers, wanted);
      const { report } = attempt;
      await this.clean();
      if (isExecFailure(report)) throw execError(report);
      if (report.layer === undefined || !this.#options.bestEffort) throw await startError(report);
      layers = layersWithout(report.layer, layers);
    }
  }

  /** Sends a signal to the program's process group; SIGKILL ends everything inside. */
  signal(number: number): void {
    this.#helper?.signal(number);
  }

  /** Waits until the helper has ended, and removes what the run had on the host. */
  async clean(): Promise<void> {
    clearInterval(this.#watch);
    this.signal(SIGKILL);
    this.#helper?.dismiss();
    await this.#ended();
    await this.#relay?.[Symbol.asyncDispose]();
    await this.#cgroup?.[Symbol.asyncDispose]();
    this.#relay = undefined;
    this.#cgroup = undefined;
  }

  /** Starts the helper with these layers and waits for its first word. */
  async #attempt(layers: readonly Layer[]): Promise<Attempt> {
    const { program, args, policy, cwd, home, env } = this.#prepared;
    const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
    const mapped = isRoot(uid) && layers.includes("user");
    const identity = identityFor(uid, gid);
    this.#cgroup = Cgroup.open(policy.limits);
    const relays = layers.includes("net") ? this.#network : { ...this.#network, relays: [], names: [] };
    if (relays.relays.length > 0) {
      this.#relay = await RelayServer.start(policy.network, { uid: identity.outsideUid, gid: identity.outsideGid }, (endpoint, reason) => { this.#dialFailed(endpoint, reason); }, policy.paths);
    }
    const { stdio, terminal } = this.#streams();
    const helper = startHelper(planJail({
      program, args, policy, cwd, home, env, layers, identity, mapped, terminal,
      explain: this.#options.explain,
      bestEffort: this.#options.bestEffort,
      dryRun: this.#options.dryRun,
      network: relays,
      relayDir: this.#relay?.directory,
      cgroups: this.#cgroup?.procs ?? [],
      enforced: { memory: this.#cgroup?.enforces("memory") ?? false, processes: this.#cgroup?.enforces("processes") ?? false },
    }), stdio);
    this.#helper = helper;
    const reports = helper.reports[Symbol.asyncIterator]();
    return { helper, reports, report: await this.#firstWord(reports) };
  }

  /** The helper tells of refusals even before the program's execve() has succeeded. */
  async #firstWord(reports: AsyncIterator<Report>): Promise<FirstWord> {
    for (;;) {
      const next = await reports.next();
      if (next.done === true) return { type: "failed", layer: undefined, errno: 0, step: "dune-jail ended without a word" };
      if (next.value.type === "started" || next.value.type === "failed") return next.value;
      this.#take(next.value);
    }
  }

  #running({ helper, reports, report }: Attempt, layers: readonly Layer[], wanted: readonly Layer[]): Started {
    this.#watchMemory();
    const { pid, landlockAbi } = report as Extract<Report, { type: "started" }>;
    const cgroup = (["memory", "processes"] as const).filter((limit) => this.#cgroup?.enforces(limit) === true);
    const protection: Protection = {
      engine: "process",
      layers: this.#options.explain === "none" ? layers.filter((layer) => layer !== "supervisor") : layers,
      missing: wanted.filter((layer) => !layers.includes(layer)),
      landlockAbi,
      sockets: grantedSockets(this.#prepared.policy.paths),
      cgroup,
    };
    return { pid, protection, exit: this.#finish(reports, protection), stdin: helper.child.stdin, ...this.#metered(helper) };
  }

  /** cgroup v1 kills one process, not all of them, when memory runs out. */
  #watchMemory(): void {
    if (this.#cgroup?.enforces("memory") !== true) return;
    this.#watch = setInterval(() => {
      if (this.#cgroup?.exceeded("memory") === true) this.signal(SIGKILL);
    }, WATCH_MS);
    this.#watch.unref();
  }

  async #finish(reports: AsyncIterator<Report>, protection: Protection): Promise<SandboxResult> {
    let exit: Extract<Report, { type: "exit" }> | undefined;
    for (let next = await reports.next(); next.done !== true && next.value.type !== "done"; next = await reports.next()) {
      if (next.value.type === "failed") throw await startError(next.value);
      if (next.value.type === "exit") exit = next.value;
      else this.#take(next.value);
    }
    this.events.close();
    await this.#meter?.counted();
    if (exit === undefined) throw new SandboxError("ERR_SANDBOX_START", "The native helper was killed from outside; everything in the sandbox ended with it");
    const ending = endingOf(exit.status);
    this.#limit ??= this.#limitOf(this.#exceededInKernel(ending, exit.usage));
    this.#helper?.dismiss();
    return {
      ...ending,
      limit: this.#limit,
      denials: this.#log.denials,
      dropped: this.#log.dropped,
      changes: this.#changes,
      usage: exit.usage,
      protection,
    };
  }

  #take(report: Report): void {
    switch (report.type) {
      case "denied":
        this.#deny(explain(report.denial, this.#context, this.#elapsed()));
        break;
      case "lookup":
        this.#deny(explainLookup(report.name, this.#context, this.#elapsed()));
        break;
      case "limit":
        this.#limit = this.#limitOf(report.limit, report.value);
        break;
      case "change":
        this.#changes.push(report.change);
        break;
      case "dropped":
        this.#log.drop(report.count);
        break;
      case "stopped":
        // The shell's job is all of us, as after Ctrl-Z without a sandbox; the helper included.
        process.kill(0, "SIGTSTP");
        // Runs after the shell's fg. If nobody could stop us (an orphaned process group), it undoes the stop.
        setTimeout(() => { this.signal(constants.signals.SIGCONT); }, RESUME_MS);
        break;
      case "started":
      case "failed":
      case "exit":
      case "done":
        break;
    }
  }

  #deny(denial: Denial | undefined): void {
    if (denial !== undefined && this.#log.add(denial)) this.events.push(denial);
  }

  #dialFailed({ host, port }: Endpoint, reason: string): void {
    this.#deny({ kind: "connect", syscall: "connect", address: `${host}:${port}`, pid: 0, rule: `the host could not reach it: ${reason}`, count: 1, time: this.#elapsed() });
  }

  #limitOf(limit: LimitName | undefined, value?: number): LimitHit | undefined {
    const bound = limit === undefined ? undefined : this.#prepared.policy.limits[limit];
    return limit === undefined || bound === undefined ? undefined : { limit, bound, value };
  }

  /** The limit that the kernel enforced by itself, unless the program coped with it. */
  #exceededInKernel(ending: Ending, usage: Usage): LimitName | undefined {
    if (this.#cgroup?.exceeded("memory") === true) return "memory";
    if (ending.code !== 0 && this.#cgroup?.exceeded("processes") === true) return "processes";
    const full = usage.written >= (this.#prepared.policy.limits.disk ?? Infinity);
    return diedOfFileSize(ending, full) ? "disk" : undefined;
  }

  #elapsed(): number {
    return Math.round(performance.now() - this.#began);
  }

  /** What the helper gets as standard streams. On a private terminal it counts itself; elsewhere output that is limited comes through us. */
  #streams(): { stdio: readonly [Stream, Stream, Stream]; terminal: number } {
    const onTerminal = this.#options.stdio.map((stream, fd) => this.#options.terminal && isTerminal(stream, fd));
    const limited = this.#prepared.policy.limits.output !== undefined;
    const [stdin, stdout, stderr] = this.#options.stdio;
    const through = (stream: Stream, fd: number): Stream => (limited && onTerminal[fd] !== true ? counted(stream) : stream);
    return {
      stdio: [stdin, through(stdout, 1), through(stderr, 2)],
      terminal: onTerminal.reduce((mask, is, fd) => mask | (is ? 1 << fd : 0), 0),
    };
  }

  /** The streams the caller reads, through a meter if output is limited. */
  #metered({ stdout, stderr }: Helper): Pick<Started, "stdout" | "stderr"> {
    const bound = this.#prepared.policy.limits.output;
    if (bound === undefined) return { stdout, stderr };
    const meter = new OutputMeter(bound, (bytes) => {
      this.#limit ??= this.#limitOf("output", bytes);
      this.signal(SIGKILL);
    });
    this.#meter = meter;
    const [, out, err] = this.#options.stdio;
    const through = (source: Readable | null, stream: Stream, own: NodeJS.WritableStream): Readable | null => {
      if (source === null) return null;
      const metered = meter.through(source);
      if (stream === "pipe") return metered;
      metered.pipe(own, { end: false });
      // Whoever read our output has gone: the program is told as it would be without us.
      own.once("error", () => { this.signal(constants.signals.SIGPIPE); });
      return null;
    };
    return { stdout: through(stdout, out, process.stdout), stderr: through(stderr, err, process.stderr) };
  }

  async #ended(): Promise<void> {
    const child = this.#helper?.child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => child.once("exit", resolve));
  }
}

type FirstWord = Extract<Report, { type: "started" }> | StartFailure;

interface Attempt {
  readonly helper: Helper;
  readonly reports: AsyncIterator<Report>;
  readonly report: FirstWord;
}

/** SIGXFSZ of the program; or, if that much was written, of a program whose status a shell passed on (getrlimit(2), RLIMIT_FSIZE). */
function diedOfFileSize({ code, signal }: Ending, full: boolean): boolean {
  return signal === "SIGXFSZ" || (full && code === 128 + constants.signals.SIGXFSZ);
}

function counted(stream: Stream): Stream {
  if (typeof stream === "number") throw new SandboxError("ERR_SANDBOX_OPTION", "limits.output cannot count what goes to a descriptor; use \"pipe\" or \"inherit\"");
  return stream === "inherit" ? "pipe" : stream;
}

function isTerminal(stream: Stream, fd: number): boolean {
  if (typeof stream === "number") return isatty(stream);
  return stream === "inherit" && isatty(fd);
}
