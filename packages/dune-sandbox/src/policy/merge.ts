import { PolicyError } from "../errors.js";
import { defaultLayer } from "./defaults.js";
import { readEndpoint } from "./endpoint.js";
import type { PolicyLayer } from "./input.js";
import type { Endpoint, Limits, Origin, Policy } from "./policy.js";
import { loadProfile } from "./profiles.js";
import type { ProfileName } from "./profiles.js";
import { mergePaths } from "./rules.js";
import type { PathContext } from "./rules.js";
import { readCount, readDuration, readSize } from "./units.js";
import type { Reading } from "./units.js";

/** Everything about the host and the caller that the policy depends on. */
export interface MergeContext extends PathContext {
  /** Physical memory in bytes; half of it is the default memory limit. */
  readonly memory: number;
  /** The running Node installation's prefix (the directory above `bin/node`), for the `node` profile. */
  readonly nodePrefix?: string | undefined;
}

/**
 * Puts the parts of a policy together: defaults, then profiles, then `layers` in order. Paths,
 * variables, destinations and system calls add up; of limits and the network's mode the last counts.
 *
 * The working directory may be read, written and executed, unless a layer has its own rule for
 * exactly that directory: `--read .` makes it read-only.
 *
 * @throws {SandboxError} `ERR_SANDBOX_POLICY` or `ERR_SANDBOX_OPTION` for a path that is not there,
 *   `ERR_SANDBOX_CWD` if the working directory is too much to hand over
 */
export function mergePolicy(layers: readonly PolicyLayer[], context: MergeContext): Policy {
  const names = layers.flatMap(({ input: { profile = [] } }) => profile) as ProfileName[];
  const profiles = [...new Set(names)].map((name) => loadProfile(name, context.nodePrefix));
  const all = [defaultLayer(context.memory), ...profiles, ...layers];
  return {
    paths: mergePaths(all, context),
    environment: mergeEnvironment(all),
    network: mergeNetwork(all),
    limits: mergeLimits(all),
    syscalls: mergeSyscalls(all),
  };
}

function mergeEnvironment(layers: readonly PolicyLayer[]): Policy["environment"] {
  const pass = new Set<string>();
  const set = new Map<string, string>();
  for (const { input: { environment } } of layers) {
    for (const name of environment?.pass ?? []) {
      pass.add(name);
      set.delete(name);
    }
    for (const [name, value] of Object.entries(environment?.set ?? {})) set.set(name, value);
  }
  return { pass: [...pass].filter((name) => !set.has(name)), set: Object.fromEntries(set) };
}

function mergeNetwork(layers: readonly PolicyLayer[]): Policy["network"] {
  const allow = new Map<string, Endpoint>();
  const listen = new Map<number, { port: number; origin: Origin }>();
  let mode: "none" | "host" = "none";
  for (const { input: { network }, origin } of layers) {
    mode = network?.mode ?? mode;
    for (const [index, text] of (network?.allow ?? []).entries()) {
      const endpoint = valueOf(readEndpoint(text));
      const key = `${endpoint.host}:${endpoint.port}`;
      if (!allow.has(key)) allow.set(key, { ...endpoint, origin: origin(["network", "allow", index]) });
    }
    for (const [index, port] of (network?.listen ?? []).entries()) {
      if (!listen.has(port)) listen.set(port, { port, origin: origin(["network", "listen", index]) });
    }
  }
  return { mode, allow: [...allow.values()], listen: [...listen.values()] };
}

const LIMIT_READERS = {
  wall: readDuration, cpu: readDuration,
  memory: readSize, disk: readSize, output: readSize, tmp: readSize,
  processes: readCount, files: readCount,
} as const satisfies Record<keyof Limits, (input: string | number) => Reading<number | undefined>>;

function mergeLimits(layers: readonly PolicyLayer[]): Limits {
  const limits: Partial<Record<keyof Limits, number | undefined>> = {};
  for (const { input } of layers) {
    for (const name of Object.keys(LIMIT_READERS) as (keyof Limits)[]) {
      const written = input.limits?.[name];
      if (written !== undefined) limits[name] = valueOf(LIMIT_READERS[name](written));
    }
  }
  return limits;
}

function mergeSyscalls(layers: readonly PolicyLayer[]): Policy["syscalls"] {
  const calls = new Map<string, Origin>();
  for (const { input: { syscalls }, origin } of layers) {
    for (const [index, name] of (syscalls?.allow ?? []).entries()) {
      if (!calls.has(name)) calls.set(name, origin(["syscalls", "allow", index]));
    }
  }
  return [...calls].map(([name, origin]) => ({ name, origin }));
}

/** Layers have been checked against the schema, by the same readers. */
function valueOf<T>(reading: Reading<T>): T {
  if ("problem" in reading) throw new PolicyError(`A value of the policy ${reading.problem}`);
  return reading.value;
}
