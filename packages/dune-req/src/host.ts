/**
 * The few questions that checks may ask a host. The live machine answers them
 * (`live.ts`), and so does a recording of another one (`record.ts`).
 */

/** An answer, or the errno name (`ENOENT`, `EACCES`) that the host gave instead. */
export type Answer<T> = { readonly value: T } | { readonly error: string };

/** Facts that never change while a process lives. */
export interface HostIdentity {
  /** As `process.platform` has it. */
  readonly platform: string;
  /** As `process.arch` has it. */
  readonly arch: string;
  /** As `uname -r` prints it. */
  readonly release: string;
  /** Without the leading v. */
  readonly node: string;
  /** What Node itself is linked against. */
  readonly libc: "glibc" | "musl" | "other";
  /** -1 where the platform has no numeric users. */
  readonly uid: number;
  readonly user: string;
  /** Numeric groups of this process, the effective one included. */
  readonly groups: readonly number[];
}

export interface FileStat {
  readonly kind: "file" | "directory" | "character" | "other";
  /** Permission bits only, e.g. 0o660. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** This process may write to it (access(2) W_OK). */
  readonly writable: boolean;
}

/** Subcommands of the native probe; see `native/probe.c`. */
export type NativeCommand = "cpu" | "kvm" | "process";

export const NATIVE_COMMANDS: readonly NativeCommand[] = ["cpu", "kvm", "process"];

/** How a run of the native probe ended. */
export interface NativeRun {
  readonly stdout: string;
  /** Exit status; null if a signal ended it or it never started. */
  readonly status: number | null;
  readonly signal: string | null;
  /** Errno name if it could not be started (`ENOENT`: it is not there). */
  readonly error: string | null;
}

/** A host, as far as checks can see it. */
export interface HostProbe {
  readonly identity: HostIdentity;
  /** An environment variable. */
  env(name: string): string | undefined;
  /** A file's text, at most 1 MiB of it. */
  read(path: string): Answer<string>;
  stat(path: string): Answer<FileStat>;
  /** The names in a directory, sorted. */
  list(path: string): Answer<readonly string[]>;
  /** The first executable of that name in PATH or the system's binary directories. */
  find(program: string): string | null;
  native(command: NativeCommand): Promise<NativeRun>;
}

/** The answers of one host as data: attach it to a bug report, replay it with `recordedProbe`. */
export interface HostRecord {
  /** Version of this shape. */
  readonly format: 1;
  readonly identity: HostIdentity;
  readonly env: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string | { readonly error: string }>>;
  readonly stats: Readonly<Record<string, FileStat | { readonly error: string }>>;
  readonly directories: Readonly<Record<string, readonly string[] | { readonly error: string }>>;
  readonly programs: Readonly<Record<string, string>>;
  readonly native: Readonly<Partial<Record<NativeCommand, NativeRun>>>;
}
