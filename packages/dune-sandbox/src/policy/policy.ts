/**
 * The policy as every other part of the package sees it: absolute paths, bytes and
 * milliseconds, each rule with the place it came from. How a person writes it is in
 * `schema.ts`; how the parts are put together is in `merge.ts`.
 */

/** Where a rule came from; printed when the rule refuses or allows something. */
export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "profile"; readonly name: string }
  | { readonly kind: "file"; readonly file: string; readonly line: number }
  | { readonly kind: "flag"; readonly flag: string }
  | { readonly kind: "api" };

/** What may be done below a path. `write` includes creating, renaming and deleting. */
export interface Access {
  readonly read: boolean;
  readonly write: boolean;
  readonly exec: boolean;
}

/** A symbolic link that lies on the way from a path as it was written to the object it names. */
export interface Link {
  /** Where the link is; every directory above it is a real one. */
  readonly path: string;
  /** What it says, as `readlink(2)` returns it. */
  readonly text: string;
}

/**
 * One grant. The rule of the longest matching path decides; grants on the same path add up.
 *
 * A rule is about an object, not about a spelling: `path` has been resolved when the policy was
 * loaded, so that whoever changes a link afterwards changes nothing about the rule.
 */
export interface PathRule extends Access {
  /** Absolute real path on the host (no symbolic link on the way); the program sees it at the same place. */
  readonly path: string;
  /** The source that granted it; of several, the last that granted something the others had not. */
  readonly origin: Origin;
  /** Links to recreate so that the path works inside as it was written. None lies below another rule's path. */
  readonly links: readonly Link[];
  /** Skipped without an error where the host has no such path (system directories, profiles). */
  readonly optional: boolean;
}

/** One allowed destination of a TCP connection. */
export interface Endpoint {
  /** Host name, or IPv4 literal; `localhost` is the host's own loopback. */
  readonly host: string;
  readonly port: number;
  readonly origin: Origin;
}

export interface NetworkPolicy {
  /** `none`: own network namespace, only `allow` can be reached. `host`: the host's network, unfiltered. */
  readonly mode: "none" | "host";
  readonly allow: readonly Endpoint[];
  /** TCP ports the program may serve; each is published on the host's 127.0.0.1. */
  readonly listen: readonly { readonly port: number; readonly origin: Origin }[];
}

/** Upper bounds of one run; `undefined` means no bound. */
export interface Limits {
  /** Elapsed milliseconds. */
  readonly wall?: number | undefined;
  /** CPU milliseconds, user and system, summed over all processes. */
  readonly cpu?: number | undefined;
  /** Resident bytes summed over all processes (exact with a memory cgroup, sampled without). */
  readonly memory?: number | undefined;
  /** Processes and threads at one time; one more stops the run. */
  readonly processes?: number | undefined;
  /** Open descriptors of one process. */
  readonly files?: number | undefined;
  /** Bytes written to storage, summed over all processes; also the largest size of one file. */
  readonly disk?: number | undefined;
  /** Bytes on stdout and stderr together. */
  readonly output?: number | undefined;
  /** Size in bytes of each private tmpfs (/tmp, HOME, /dev/shm). */
  readonly tmp?: number | undefined;
}

export interface Policy {
  readonly paths: readonly PathRule[];
  readonly environment: {
    /** Names taken over from the caller's environment where set there. */
    readonly pass: readonly string[];
    readonly set: Readonly<Record<string, string>>;
  };
  readonly network: NetworkPolicy;
  readonly limits: Limits;
  /** System calls allowed beyond the default profile, by name. */
  readonly syscalls: readonly { readonly name: string; readonly origin: Origin }[];
}
