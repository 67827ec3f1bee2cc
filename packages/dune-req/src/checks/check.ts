/** What a check is, and the small vocabulary that all of them share. */
import type { HostProbe, NativeCommand } from "../host.js";
import type { NativeFacts } from "../native.js";
import type { CheckResult, Engine, Fix, Need } from "../report.js";

/** All a check may look at. */
export interface Host extends Omit<HostProbe, "native"> {
  readonly native: Readonly<Record<NativeCommand, NativeFacts>>;
}

export type Outcome = Pick<CheckResult, "status" | "seen"> & { readonly fix?: Fix };

/** A check as data; `run` is a pure function of the host. */
export interface Check {
  readonly id: `${CheckResult["topic"]}.${string}`;
  readonly title: string;
  readonly why: string;
  readonly engines: Readonly<Partial<Record<Engine, Need>>>;
  run(host: Host): Outcome;
}

export const ok = (seen: string): Outcome => ({ status: "ok", seen });
export const skip = (seen: string): Outcome => ({ status: "skip", seen });
export const warn = (seen: string, fix?: Fix): Outcome => (fix ? { status: "warn", seen, fix } : { status: "warn", seen });
export const fail = (seen: string, fix?: Fix): Outcome => (fix ? { status: "fail", seen, fix } : { status: "fail", seen });

/** A fix that a command carries out. */
export const command = (text: string, line: string, effect: Fix["effect"] = "now"): Fix => ({ text, command: line, effect });

/** A fix that only a person can carry out. */
export const advice = (text: string, effect: Fix["effect"] = "next boot"): Fix => ({ text, effect });

/** `line`, to be run as root by the user of this host. */
export const asRoot = (host: Host, line: string): string => (host.identity.uid === 0 ? line : `sudo ${line}`);

/** A file's text without its surrounding white space; undefined if it cannot be read. */
export function readLine(host: Host, path: string): string | undefined {
  const got = host.read(path);
  return "value" in got ? got.value.trim() : undefined;
}

/** A file's text, empty if it cannot be read. */
export const readAll = (host: Host, path: string): string => readLine(host, path) ?? "";

/** Anything at all at that path, readable or not. */
export function exists(host: Host, path: string): boolean {
  const got = host.stat(path);
  return "value" in got || got.error === "EACCES" || got.error === "EPERM";
}

export const isLinux = (host: Host): boolean => host.identity.platform === "linux";
export const isX64 = (host: Host): boolean => host.identity.arch === "x64";

/** Whether the native probe can exist at all for this host. */
export const isSupported = (host: Host): boolean => isLinux(host) && isX64(host);

/** What every check that needs Linux on x86-64 says elsewhere. */
export const NOT_HERE: Outcome = skip("only on x86-64 Linux");
