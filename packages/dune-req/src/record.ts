/** Recording what a host answers, and answering from such a recording. */
import { DuneReqError } from "./errors.js";
import type { Answer, FileStat, HostProbe, HostRecord, NativeCommand, NativeRun } from "./host.js";

const ABSENT = { error: "ENOENT" } as const;

function answer<T>(value: T | { readonly error: string } | undefined): Answer<T> {
  if (value === undefined) return ABSENT;
  if (typeof value === "object" && value !== null && "error" in value) return value;
  return { value };
}

/**
 * A probe that answers from a record. What the record does not hold does not exist
 * on that host: an unknown path is ENOENT, an unknown program is not installed.
 */
export function recordedProbe(record: HostRecord): HostProbe {
  // A record comes from outside the program, whatever its type says.
  if ((record.format as number) !== 1) {
    throw new DuneReqError(
      "ERR_REQ_BAD_RECORD",
      `the host record has format ${String(record.format)}, and this version reads format 1`,
      "record the host again with this version: npx @dune/req --verbose --json",
    );
  }
  const missing: NativeRun = { stdout: "", status: null, signal: null, error: "ENOENT" };
  return {
    identity: record.identity,
    env: (name) => record.env[name],
    read: (path) => answer<string>(record.files[path]),
    stat: (path) => answer<FileStat>(record.stats[path]),
    list: (path) => answer<readonly string[]>(record.directories[path]),
    find: (program) => record.programs[program] ?? null,
    native: (command) => Promise.resolve(record.native[command] ?? missing),
  };
}

const stored = <T>(got: Answer<T>) => ("value" in got ? got.value : { error: got.error });

/** `probe`, and a function that returns everything it was asked for so far. Absences are left out. */
export function recordingProbe(probe: HostProbe): { readonly probe: HostProbe; readonly record: () => HostRecord } {
  const env: Record<string, string> = {};
  const files: Record<string, string | { readonly error: string }> = {};
  const stats: Record<string, FileStat | { readonly error: string }> = {};
  const directories: Record<string, readonly string[] | { readonly error: string }> = {};
  const programs: Record<string, string> = {};
  const native: Partial<Record<NativeCommand, NativeRun>> = {};

  const keep = <T>(into: Record<string, T | { readonly error: string }>, key: string, got: Answer<T>): Answer<T> => {
    if ("value" in got || got.error !== "ENOENT") into[key] = stored(got);
    return got;
  };
  const recording: HostProbe = {
    identity: probe.identity,
    env(name) {
      const value = probe.env(name);
      if (value !== undefined) env[name] = value;
      return value;
    },
    read: (path) => keep(files, path, probe.read(path)),
    stat: (path) => keep(stats, path, probe.stat(path)),
    list: (path) => keep(directories, path, probe.list(path)),
    find(program) {
      const path = probe.find(program);
      if (path !== null) programs[program] = path;
      return path;
    },
    async native(command) {
      const run = await probe.native(command);
      native[command] = run;
      return run;
    },
  };
  return {
    probe: recording,
    record: () => ({ format: 1, identity: probe.identity, env, files, stats, directories, programs, native }),
  };
}
