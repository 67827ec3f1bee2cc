/**
 * The policy as a person writes it, in TOML, JSON, flags or TypeScript: one shape for all four.
 * `schema.ts` checks it, `merge.ts` turns it into the resolved `Policy`.
 */

import type { Link, Origin } from "./policy.js";

/** Bytes: a number, or text with a unit such as `"512MiB"` or `"2GB"`; `"unlimited"` lifts the default. */
export type SizeInput = number | string;

/** Time: text with a unit such as `"500ms"`, `"5s"` or `"2m"`, or (in TypeScript only) milliseconds; `"unlimited"` lifts the default. */
export type DurationInput = number | string;

/** A whole number; `"unlimited"` lifts the default. */
export type CountInput = number | "unlimited";

/** What a program may do, as it is written down. Everything is optional; what is not granted is refused. */
export interface PolicyInput {
  /** Built-in profiles to start from: `"node"`, `"python"`, `"build"`, `"git"`, `"java"`. */
  readonly profile?: string | readonly string[] | undefined;
  /** Paths: absolute, `~/…`, or relative to the policy file (in flags and TypeScript: to the working directory). */
  readonly filesystem?: {
    /** May be read and listed, not executed. */
    readonly read?: readonly string[] | undefined;
    /** May be read and changed: written, created, renamed, deleted. */
    readonly write?: readonly string[] | undefined;
    /** May be read and executed. */
    readonly exec?: readonly string[] | undefined;
  } | undefined;
  readonly environment?: {
    /** Names of variables taken over from the caller's environment. */
    readonly pass?: readonly string[] | undefined;
    /** Variables with the value they get. */
    readonly set?: Readonly<Record<string, string>> | undefined;
  } | undefined;
  readonly network?: {
    /** `"none"` (default): only `allow` can be reached. `"host"`: the host's network, unfiltered. */
    readonly mode?: "none" | "host" | undefined;
    /** Destinations `"host:port"`: a name, an IPv4 address, or `localhost` for the host's own loopback. */
    readonly allow?: readonly string[] | undefined;
    /** TCP ports that the program may serve on the host's 127.0.0.1. */
    readonly listen?: readonly number[] | undefined;
  } | undefined;
  readonly limits?: {
    /** Elapsed time. */
    readonly wall?: DurationInput | undefined;
    /** CPU time summed over all processes. */
    readonly cpu?: DurationInput | undefined;
    /** Memory summed over all processes. */
    readonly memory?: SizeInput | undefined;
    /** Processes and threads at one time; one more stops the run. */
    readonly processes?: CountInput | undefined;
    /** Open descriptors of one process. */
    readonly files?: CountInput | undefined;
    /** Bytes written to storage, and the largest size of one file. */
    readonly disk?: SizeInput | undefined;
    /** Bytes on stdout and stderr together. */
    readonly output?: SizeInput | undefined;
    /** Size of each private tmpfs (/tmp, HOME, /dev/shm). */
    readonly tmp?: SizeInput | undefined;
  } | undefined;
  readonly syscalls?: {
    /** Names of system calls allowed beyond the default profile. */
    readonly allow?: readonly string[] | undefined;
  } | undefined;
}

/** A step into a policy: `["filesystem", "read", 0]` is the first path that may be read. */
export type FieldPath = readonly (string | number)[];

/** One source of policy: a profile, a file, the flags of a command line, or an API object. */
export interface PolicyLayer {
  readonly input: PolicyInput;
  /** Directory that relative paths start from. */
  readonly base: string;
  /** True for profiles: a path that the host does not have is skipped. */
  readonly optional: boolean;
  /** The policy file, absolute: the program must not be able to change it. */
  readonly file?: string | undefined;
  /** Where the value at `field` was written. */
  readonly origin: (field: FieldPath) => Origin;
}

/** What a path of the policy names on this host. */
export interface ResolvedPath {
  /** Absolute, without symbolic links on the way. */
  readonly path: string;
  /** The links that were followed, in the order in which they were met. */
  readonly links: readonly Link[];
}

/** Names a policy for TypeScript: returns its argument, typed and completed by the editor. */
export function definePolicy(policy: PolicyInput): PolicyInput {
  return policy;
}
