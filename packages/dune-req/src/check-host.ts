/** Running every check against one host. */
import { ALL_CHECKS } from "./checks/index.js";
import { isSupported, readAll, type Check, type Host } from "./checks/check.js";
import { NATIVE_COMMANDS, type HostProbe, type HostRecord, type NativeCommand } from "./host.js";
import { liveProbe } from "./live.js";
import { NativeFacts, parseNative } from "./native.js";
import { recordingProbe } from "./record.js";
import type { CheckResult, Engine, HostReport, Topic } from "./report.js";
import { bestEngine, exitCodeOf, firstFix, judge, summarize } from "./verdict.js";

export interface CheckHostOptions {
  /** Judge this engine alone; default: all. The checks are the same. */
  readonly engine?: Engine;
  /** The host to look at; default: this machine. */
  readonly probe?: HostProbe;
  /** Put everything that was read into `report.record`. */
  readonly record?: boolean;
}

async function askNative(probe: HostProbe): Promise<Host["native"]> {
  const ask = async (command: NativeCommand): Promise<NativeFacts> => parseNative(await probe.native(command));
  // The guest measures itself in nanoseconds: the others must not run beside it.
  const [cpu, processLayers] = await Promise.all([ask("cpu"), ask("process")]);
  return { cpu, kvm: await ask("kvm"), process: processLayers };
}

function noNative(): Host["native"] {
  const none = new NativeFacts(new Map(), "the native probe exists for x86-64 Linux only");
  return Object.fromEntries(NATIVE_COMMANDS.map((command) => [command, none])) as unknown as Host["native"];
}

async function lookAt(probe: HostProbe): Promise<Host> {
  const { identity } = probe;
  const host: Host = {
    identity,
    env: (name) => probe.env(name),
    read: (path) => probe.read(path),
    stat: (path) => probe.stat(path),
    list: (path) => probe.list(path),
    find: (program) => probe.find(program),
    native: noNative(),
  };
  return isSupported(host) ? { ...host, native: await askNative(probe) } : host;
}

function runCheck(check: Check, host: Host): CheckResult {
  const { id, title, why, engines } = check;
  const topic = id.slice(0, id.indexOf(".")) as Topic;
  return { id, topic, title, why, engines, ...check.run(host) };
}

function guestOf(host: Host): HostReport["guest"] {
  const exit = host.native.kvm.number("exit_ps");
  const instruction = host.native.kvm.number("instruction_ps");
  return exit === undefined || instruction === undefined ? null : { exitNs: exit / 1000, instructionNs: instruction / 1000 };
}

function cpuModel(host: Host): string {
  return /^model name\s*:\s*(.+)$/m.exec(readAll(host, "/proc/cpuinfo"))?.[1] ?? "unknown";
}

/**
 * Check this host: which engines work, why the others do not, and the one thing to
 * do about it. Takes a fraction of a second, needs no privileges, changes nothing.
 *
 * ```ts
 * const report = await checkHost();
 * if (report.engines.process.verdict === "unusable") console.error(report.summary, report.fix?.command);
 * ```
 */
export async function checkHost(options: CheckHostOptions = {}): Promise<HostReport> {
  const { engine: asked } = options;
  const recording = recordingProbe(options.probe ?? liveProbe());
  const host = await lookAt(recording.probe);
  const checks = ALL_CHECKS.map((check) => runCheck(check, host));
  const engines = judge(checks);
  const { identity } = host;
  return {
    format: 1,
    host: { platform: identity.platform, arch: identity.arch, kernel: identity.release, cpu: cpuModel(host), node: identity.node },
    exitCode: exitCodeOf(engines, asked),
    engine: bestEngine(engines, asked),
    summary: summarize(engines, asked),
    engines,
    checks,
    fix: firstFix(engines, checks, asked),
    guest: guestOf(host),
    ...(options.record === true ? { record: recording.record() } : {}),
  };
}

/** Everything the checks read on this machine, to attach to a bug report. No file contents beyond /proc, /sys and /etc/group. */
export async function recordHost(probe: HostProbe = liveProbe()): Promise<HostRecord> {
  const { record } = await checkHost({ probe, record: true });
  if (record === undefined) throw new Error("checkHost() was asked for a record and returned none");
  return record;
}
