import { liveProbe } from "@dune/req";
import type { HostProbe } from "@dune/req";
import { KmodError } from "./errors.js";
import { taintsOf } from "./taint.js";
import type { Taint } from "./taint.js";

/** Whether dune.ko is there, and what this kernel would say to loading it. Null stands for "the kernel does not tell". */
export interface ModuleStatus {
  /** Version of this shape. */
  readonly format: 1;
  readonly module: {
    readonly loaded: boolean;
    /** `live` once it works; `coming` and `going` while it is loaded or unloaded. */
    readonly state: string | null;
    readonly version: string | null;
  };
  readonly device: {
    readonly path: string;
    /** `denied`: it is there, and this process may not write to it. */
    readonly access: "usable" | "denied" | "missing";
    /** Permission bits in octal. */
    readonly mode: string | null;
  };
  readonly kernel: {
    readonly release: string;
    /** Folder of the headers that a module for this very kernel is built with; null if they are not installed. */
    readonly headers: string | null;
    /** The kernel can load modules at all, and nobody has switched that off until the next boot. */
    readonly loading: boolean;
    /** kernel_lockdown(7): `none`, `integrity` or `confidentiality`; modules must be signed under the last two. */
    readonly lockdown: string | null;
    /** A module without a valid signature is refused. */
    readonly signatures: boolean | null;
    readonly taints: readonly Taint[] | null;
  };
  /** KVM's modules, loaded or built in: they own VT-x or SVM while a machine of theirs runs. */
  readonly kvm: readonly string[];
}

const DEVICE = "/dev/dune";
const MODULE = "/sys/module/dune";

/**
 * Looks at the running kernel. Reads only; needs no privileges.
 *
 * @param probe the host to look at; this machine if left out
 * @throws {KmodError} `ERR_KMOD_UNSUPPORTED` on anything but Linux
 */
export function moduleStatus(probe: HostProbe = liveProbe()): ModuleStatus {
  const { platform, release } = probe.identity;
  if (platform !== "linux") {
    throw new KmodError("ERR_KMOD_UNSUPPORTED", `dune.ko is a Linux kernel module, and this is ${platform}`);
  }
  const loaded = exists(probe, MODULE);
  return {
    format: 1,
    module: { loaded, state: text(probe, `${MODULE}/initstate`), version: text(probe, `${MODULE}/version`) },
    device: device(probe),
    kernel: {
      release,
      headers: headers(probe, release),
      loading: exists(probe, "/proc/modules") && text(probe, "/proc/sys/kernel/modules_disabled") !== "1",
      lockdown: chosen(text(probe, "/sys/kernel/security/lockdown")),
      signatures: yes(text(probe, "/sys/module/module/parameters/sig_enforce")),
      taints: taints(text(probe, "/proc/sys/kernel/tainted")),
    },
    kvm: ["kvm", "kvm_intel", "kvm_amd"].filter((name) => exists(probe, `/sys/module/${name}`)),
  };
}

function device(probe: HostProbe): ModuleStatus["device"] {
  const stat = probe.stat(DEVICE);
  if (!("value" in stat)) return { path: DEVICE, access: stat.error === "ENOENT" ? "missing" : "denied", mode: null };
  const { kind, mode, writable } = stat.value;
  // A plain file of that name is somebody's mistake, not our device.
  if (kind !== "character") return { path: DEVICE, access: "missing", mode: null };
  return { path: DEVICE, access: writable ? "usable" : "denied", mode: mode.toString(8) };
}

/** Distributions install the link before the headers it points to: look for what make needs. */
function headers(probe: HostProbe, release: string): string | null {
  const folder = `/lib/modules/${release}/build`;
  return exists(probe, `${folder}/Makefile`) ? folder : null;
}

function taints(value: string | null): Taint[] | null {
  return value === null || !/^\d+$/.test(value) ? null : taintsOf(BigInt(value));
}

function text(probe: HostProbe, path: string): string | null {
  const answer = probe.read(path);
  return "value" in answer ? answer.value.trim() : null;
}

function exists(probe: HostProbe, path: string): boolean {
  return "value" in probe.stat(path);
}

/** The kernel prints every choice and puts brackets round the one that holds. */
function chosen(line: string | null): string | null {
  return /\[(\w+)\]/.exec(line ?? "")?.[1] ?? null;
}

function yes(value: string | null): boolean | null {
  return value === null ? null : value === "Y";
}
