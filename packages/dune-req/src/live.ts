/** The machine this process runs on. */
import { execFile } from "node:child_process";
import { accessSync, closeSync, constants, openSync, readdirSync, readSync, statSync, type Stats } from "node:fs";
import { release, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Answer, FileStat, HostIdentity, HostProbe, NativeCommand, NativeRun } from "./host.js";

const MAX_READ = 1 << 20;
/** The probe limits itself to less; this is for one that cannot (a process stuck inside the kernel). */
const NATIVE_TIMEOUT_MS = 5_000;
/** Where distributions put tools that a plain user's PATH leaves out. */
const SYSTEM_PATH = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin"];

const errorName = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "EIO";

function attempt<T>(ask: () => T): Answer<T> {
  try {
    return { value: ask() };
  } catch (error) {
    return { error: errorName(error) };
  }
}

/** One for all reads: they are synchronous, and a megabyte each would be slow to come by. */
const buffer = Buffer.allocUnsafe(MAX_READ);

function readText(path: string): string {
  const file = openSync(path, "r");
  try {
    // Files in /proc and /sys say that they are empty, or a page long: read until the end.
    let length = 0;
    for (;;) {
      const count = readSync(file, buffer, length, MAX_READ - length, null);
      if (count === 0 || length + count === MAX_READ) return buffer.toString("utf8", 0, length + count);
      length += count;
    }
  } finally {
    closeSync(file);
  }
}

const isExecutable = (path: string): boolean => "value" in attempt(() => { accessSync(path, constants.X_OK); });

function kindOf(stats: Stats): FileStat["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isCharacterDevice() ? "character" : "other";
}

function statFile(path: string): FileStat {
  const stats = statSync(path);
  const writable = "value" in attempt(() => { accessSync(path, constants.W_OK); });
  return { kind: kindOf(stats), mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, writable };
}

/** The libc that is mapped into this very process. */
function ownLibc(): HostIdentity["libc"] {
  const maps = attempt(() => readText("/proc/self/maps"));
  if (!("value" in maps)) return "other";
  if (/\/ld-musl-|\/libc\.musl-/.test(maps.value)) return "musl";
  return /\/libc\.so\.6|\/libc-2\.\d+\.so/.test(maps.value) ? "glibc" : "other";
}

function identify(): HostIdentity {
  const user = attempt(() => userInfo().username);
  const groups = new Set([process.getegid?.() ?? -1, ...(process.getgroups?.() ?? [])]);
  return {
    platform: process.platform,
    arch: process.arch,
    release: release(),
    node: process.versions.node,
    libc: ownLibc(),
    uid: process.geteuid?.() ?? -1,
    user: "value" in user ? user.value : "unknown",
    groups: [...groups].filter((gid) => gid >= 0).sort((a, b) => a - b),
  };
}

function findProgram(program: string): string | null {
  const directories = [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_PATH];
  return directories.filter((path) => path !== "").map((path) => join(path, program)).find(isExecutable) ?? null;
}

/** The native probe that ships with this package; both builds lie one folder below its root. */
export function nativeProbePath(): string {
  return fileURLToPath(new URL("../prebuilds/linux-x64/dune-probe", import.meta.url));
}

function runNative(path: string, command: NativeCommand): Promise<NativeRun> {
  return new Promise((resolve) => {
    execFile(path, [command], { timeout: NATIVE_TIMEOUT_MS, killSignal: "SIGKILL", env: {} }, (failure, stdout) => {
      if (failure === null) {
        resolve({ stdout, status: 0, signal: null, error: null });
        return;
      }
      const { code, signal } = failure as { code?: unknown; signal?: unknown };
      resolve({
        stdout,
        status: typeof code === "number" ? code : null,
        signal: typeof signal === "string" ? signal : null,
        error: typeof code === "string" ? code : null,
      });
    });
  });
}

/** Options of `liveProbe`. */
export interface LiveOptions {
  /** Path of the native probe; default: the one in this package. */
  readonly nativePath?: string;
}

/** A probe of the machine this process runs on. Reads only, but for what the native probe does in its children. */
export function liveProbe(options: LiveOptions = {}): HostProbe {
  const path = options.nativePath ?? nativeProbePath();
  return {
    identity: identify(),
    env: (name) => process.env[name],
    read: (file) => attempt(() => readText(file)),
    stat: (file) => attempt(() => statFile(file)),
    list: (directory) => attempt(() => readdirSync(directory).sort()),
    find: findProgram,
    native: (command) => runNative(path, command),
  };
}
