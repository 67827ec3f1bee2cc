/** What a failed start means: the error to throw, or what to go on without. */

import type { HostReport } from "@dune/req";
import { LayerError, SandboxError, UnsupportedError } from "./errors.js";
import { errnoName as linuxErrno } from "./errno.js";
import { NAMESPACES } from "./jail.js";
import type { Layer } from "./plan.js";
import { printable } from "./quote.js";
import type { Report } from "./wire.js";

export type StartFailure = Extract<Report, { type: "failed" }>;

const NAMES: Readonly<Record<Layer, string>> = {
  user: "the user namespace", mount: "the mount namespace", pid: "the pid namespace", net: "the network namespace",
  ipc: "the IPC namespace", uts: "the UTS namespace", cgroup: "the cgroup namespace",
  landlock: "Landlock", seccomp: "the seccomp filter", supervisor: "the seccomp supervisor",
};

/** Thrown where there is no engine at all: another platform, another architecture. */
export async function requirePlatform(): Promise<void> {
  if (process.platform === "linux" && process.arch === "x64") return;
  const report = await checkProcessEngine();
  throw new UnsupportedError(`@dune/sandbox runs programs on Linux x86-64 only; this is ${process.platform} ${process.arch}`, {
    report,
    fix: "npx @dune/req",
  });
}

/** The error for a jail that could not be built, with the host's own reason where the check finds one. */
export async function startError({ layer, errno, step }: StartFailure): Promise<SandboxError> {
  const cause = `${printable(step).trim()}: ${errnoName(errno)}`;
  if (layer === undefined) return new SandboxError("ERR_SANDBOX_START", `The sandbox could not be started (${cause})`);
  const { checks, fix } = await checkProcessEngine();
  const failed = checks.filter((check) => check.status === "fail" && check.engines.process !== undefined).map((check) => check.seen);
  const why = failed.length === 0 ? "" : `. ${failed.slice(0, 2).join("; ")}`;
  return new LayerError(`${NAMES[layer]} could not be set up (${cause})${why}. --best-effort runs without it`, {
    layer,
    errno,
    fix: fix?.command ?? "npx @dune/req --engine process",
  });
}

/** Loaded when something is wrong only: a run that works does not wait for it. */
async function checkProcessEngine(): Promise<HostReport> {
  const { checkHost } = await import("@dune/req");
  return checkHost({ engine: "process" });
}

/**
 * The layers to try next when `failed` cannot be had and the caller agreed to go without.
 *
 * @throws {UnsupportedError} if nothing would be left that protects files
 */
export function layersWithout(failed: Layer, layers: readonly Layer[]): readonly Layer[] {
  // The first three carry the others: without them mounts, /proc and pids would be the host's.
  const carrying: readonly Layer[] = ["user", "mount", "pid"];
  const gone = carrying.includes(failed) ? NAMESPACES : failed === "seccomp" ? ["seccomp", "supervisor"] : [failed];
  const left = layers.filter((layer) => !gone.includes(layer));
  if (left.includes("mount") || left.includes("landlock")) return left;
  throw new UnsupportedError("Neither namespaces nor Landlock can be had on this host: nothing would keep the program from your files", {
    fix: "npx @dune/req --engine process",
  });
}

/** A failed execve(2) of the program itself. */
export function isExecFailure({ layer, step }: StartFailure): boolean {
  return layer === undefined && step.startsWith("execve ");
}

export function execError({ errno, step }: StartFailure): SandboxError {
  const path = step.slice("execve ".length);
  const name = errnoName(errno);
  const code = name === "ENOENT" ? "ERR_SANDBOX_PROGRAM_INTERPRETER_MISSING" : "ERR_SANDBOX_PROGRAM_NOT_EXECUTABLE";
  return new SandboxError(code, `${printable(path)} cannot be executed in the sandbox (${name})`);
}

function errnoName(errno: number): string {
  return errno > 0 ? linuxErrno(errno) : "unknown error";
}
