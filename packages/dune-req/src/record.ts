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

/** Remembers what `ask` answered; absences too, though a record leaves them out. */
function remember<T>(ask: (key: string) => Answer<T>) {
  const answers = new Map<string, Answer<T>>();
  return {
    ask(key: string): Answer<T> {
      const known = answers.get(key) ?? ask(key);
      answers.set(key, known);
      return known;
    },
    stored(): Record<string, T | { readonly error: string }> {
      const present = [...answers].filter(([, got]) => "value" in got || got.error !== ABSENT.error);
      return Object.fromEntries(present.map(([key, got]) => [key, "value" in got ? got.value : { error: got.error }]));
    },
  };
}

/**
 * `probe`, and a function that returns everything it was asked for so far. Each question
 * reaches the host once: the checks see one state of it, and /proc/cpuinfo is slow to read.
 */
export function recordingProbe(probe: HostProbe): { readonly probe: HostProbe; readonly record: () => HostRecord } {
  const files = remember((path) => probe.read(path));
  const stats = remember((path) => probe.stat(path));
  const directories = remember((path) => probe.list(path));
  const env: Record<string, string> = {};
  const programs: Record<string, string> = {};
  const native: Partial<Record<NativeCommand, NativeRun>> = {};

  const recording: HostProbe = {
    identity: probe.identity,
    env(name) {
      const value = probe.env(name);
      if (value !== undefined) env[name] = value;
      return value;
    },
    read: (path) => files.ask(path),
    stat: (path) => stats.ask(path),
    list: (path) => directories.ask(path),
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
  const record = (): HostRecord => ({
    format: 1, identity: probe.identity, env, programs, native,
    files: files.stored(), stats: stats.stored(), directories: directories.stored(),
  });
  return { probe: recording, record };
}
