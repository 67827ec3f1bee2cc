/** From a policy and a program to the plan that the native helper carries out. */

import { readFileSync } from "node:fs";
import { compileFilter } from "./filter.js";
import { SandboxError, UnsupportedError } from "./errors.js";
import { isRoot } from "./identity.js";
import { handledBy } from "./landlock.js";
import type { Handled } from "./landlock.js";
import { configurationFile, hostRules, narrowedRules, rootMounts, rootRules } from "./mounts.js";
import type { RootOptions } from "./mounts.js";
import type { NetworkPlan } from "./network.js";
import { refuseForeignOverlays } from "./overlay.js";
import type { IdMap, JailPlan, Layer } from "./plan.js";
import type { Explain } from "./options.js";
import type { Prepared } from "./prepare.js";
import type { ResolvedProgram } from "./program.js";
import { quote } from "./quote.js";

/** The walls that a run has when nothing is missing. */
export const ALL_LAYERS: readonly Layer[] = ["user", "mount", "pid", "net", "ipc", "uts", "cgroup", "landlock", "seccomp", "supervisor"];

/** Namespaces that need the user namespace, directly or for what is mounted in them. */
export const NAMESPACES: readonly Layer[] = ["user", "mount", "pid", "net", "ipc", "uts", "cgroup"];

export const HOSTNAME = "sandbox";

/** `RLIMIT_*` of x86-64, getrlimit(2). */
const RLIMIT = { FSIZE: 1, CORE: 4, NPROC: 6, NOFILE: 7 } as const;

/** Newest Landlock ABI that `handledBy` tells apart. */
const NEWEST_ABI = 6;

/** Helper, supervisor, relay and reaper run as the same user in the same user namespace, and count. */
const OWN_TASKS = 4;
const RELAY_TASKS = 512;

export interface JailOptions extends Prepared {
  readonly layers: readonly Layer[];
  readonly explain: Explain;
  /** The caller accepts less than the policy's protection. */
  readonly bestEffort: boolean;
  readonly dryRun: boolean;
  readonly identity: IdMap;
  /** True if `identity` makes the program somebody else than the caller. */
  readonly mapped: boolean;
  readonly network: NetworkPlan;
  readonly relayDir: string | undefined;
  readonly cgroups: readonly string[];
  /** Limits that a cgroup enforces; the helper then does not sample them. */
  readonly enforced: { readonly memory: boolean; readonly processes: boolean };
  /** Bit n: descriptor n becomes the private terminal. */
  readonly terminal: number;
}

/**
 * @throws {SandboxError} `ERR_SANDBOX_POLICY` if the policy asks for something that the missing layers alone could give,
 *   `ERR_SANDBOX_OPTION` if a dry run cannot be kept apart, `ERR_SANDBOX_UNSUPPORTED` if the program would be the host's root
 */
export function planJail(options: JailOptions): JailPlan {
  const { program, args, policy, layers } = options;
  const has = (layer: Layer): boolean => layers.includes(layer);
  const supervise = has("supervisor") ? options.explain : "none";
  requireLayers(options);
  const root = rootOptions(options);
  const mounts = has("mount") ? rootMounts(root) : [];
  refuseForeignOverlays(mounts, options.identity);
  const { filter, supervised } = compileFilter({
    supervise,
    allow: policy.syscalls.map(({ name }) => name),
    inet: has("net") || policy.network.mode === "host",
    ipc: has("ipc"),
  });
  return {
    argv: [program.argv0, ...args],
    env: environment(options),
    cwd: options.cwd,
    exec: executable(program),
    layers: supervise === "none" ? layers.filter((layer) => layer !== "supervisor") : layers,
    id: options.identity,
    hostname: HOSTNAME,
    mounts,
    landlock: landlockByAbi(options),
    rules: has("mount") ? rootRules(root) : hostRules(policy.paths),
    filter,
    syscalls: supervised,
    rlimits: rlimits(options),
    cgroups: options.cgroups,
    limits: {
      wall: policy.limits.wall ?? 0,
      cpu: policy.limits.cpu ?? 0,
      memory: options.enforced.memory ? 0 : (policy.limits.memory ?? 0),
      written: policy.limits.disk ?? 0,
      tasks: policy.limits.processes ?? 0,
      output: policy.limits.output ?? 0,
    },
    relayDir: options.relayDir,
    relays: options.network.relays,
    names: options.network.names,
    terminal: options.terminal,
  };
}

/**
 * What Landlock restricts, by ABI. TCP is the network namespace's business; where there is none the filter
 * refuses it, or the host's network was granted. But then the host's abstract sockets must stay out of
 * reach, and only ABI 6 can do that: with an older one there is no plan, unless the caller goes without.
 */
function landlockByAbi({ layers, bestEffort }: JailOptions): Handled[] {
  const privateNetwork = layers.includes("net");
  return Array.from({ length: NEWEST_ABI }, (_, index) => {
    const { fs, scoped } = handledBy(index + 1);
    if (privateNetwork) return { fs, net: 0, scoped: 0 };
    return scoped === 0 && !bestEffort ? NOTHING : { fs, net: 0, scoped };
  });
}

/** The helper takes an ABI of which nothing is handled as one that the plan does not know. */
const NOTHING: Handled = { fs: 0, net: 0, scoped: 0 };

function requireLayers({ policy, layers, dryRun, identity }: JailOptions): void {
  if (!layers.includes("user") && isRoot(identity.insideUid)) {
    throw new UnsupportedError("Without a user namespace a program started by root would be root on the host, and own all files there; this host gives none", {
      fix: "run dune-sandbox as an ordinary user",
    });
  }
  if (!layers.includes("net") && policy.network.mode === "none" && policy.network.allow.length + policy.network.listen.length > 0) {
    throw new SandboxError("ERR_SANDBOX_POLICY", "The policy allows single destinations, which takes a network namespace, and this host gives none", { fix: "npx @dune/req --engine process" });
  }
  if (layers.includes("mount")) return;
  if (dryRun) throw new SandboxError("ERR_SANDBOX_OPTION", "A dry run takes a mount namespace, and this host gives none", { fix: "npx @dune/req --engine process" });
  const [narrowed] = narrowedRules(policy.paths);
  if (narrowed !== undefined) {
    throw new SandboxError("ERR_SANDBOX_POLICY", `The rule on ${quote(narrowed.path)} gives less than the one above it, which takes a mount namespace, and this host gives none`, { fix: "npx @dune/req --engine process" });
  }
}

function rootOptions({ policy, home, mapped, dryRun, network, layers }: JailOptions): RootOptions {
  return {
    paths: policy.paths,
    home,
    tmp: policy.limits.tmp ?? 0,
    idmap: mapped,
    overlay: dryRun,
    files: layers.includes("net") ? privateNames(network) : hostNames(),
  };
}

/** In the private network the stub resolver is the name server. */
function privateNames({ hosts }: NetworkPlan): RootOptions["files"] {
  return [
    { path: configurationFile("/etc/hosts"), contents: hosts },
    { path: configurationFile("/etc/resolv.conf"), contents: "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n" },
  ];
}

/** systemd-resolved keeps the file outside /etc, which has a link to it only. */
function hostNames(): RootOptions["files"] {
  const path = configurationFile("/etc/resolv.conf");
  return path === "/etc/resolv.conf" ? [] : [{ path, contents: readFileSync(path, "utf8") }];
}

/** A script is told its name as it was called: `./x.sh` stays that, where it means the same inside. */
function executable({ argv0, spelled }: ResolvedProgram): string {
  return argv0.includes("/") && !argv0.split("/").includes("..") ? argv0 : spelled;
}

/** `NAME=value`: what the policy passes on, what it sets, and where home is. */
function environment({ policy, env, home, cwd }: JailOptions): string[] {
  const values = new Map<string, string>();
  for (const name of policy.environment.pass) {
    const value = env[name];
    if (value !== undefined) values.set(name, value);
  }
  values.set("HOME", home);
  values.set("PWD", cwd);
  for (const [name, value] of Object.entries(policy.environment.set)) values.set(name, value);
  return [...values].map(([name, value]) => `${name}=${value}`);
}

function rlimits({ policy: { limits }, network, enforced }: JailOptions): JailPlan["rlimits"] {
  const bounds = [
    { resource: RLIMIT.NOFILE, limit: limits.files },
    { resource: RLIMIT.FSIZE, limit: limits.disk },
    // Not 0: a core pattern that pipes to a program would still be run (core(5)); at 1 it is not.
    { resource: RLIMIT.CORE, limit: 1 },
    { resource: RLIMIT.NPROC, limit: limits.processes === undefined || enforced.processes ? undefined : limits.processes + OWN_TASKS + (network.relays.length > 0 ? RELAY_TASKS : 0) },
  ];
  return bounds.flatMap(({ resource, limit }) => (limit === undefined ? [] : [{ resource, limit }]));
}
