/** What every program gets without asking. */

import { realpathSync } from "node:fs";
import type { PolicyLayer } from "./input.js";

/** Programs, libraries and their data. */
const SYSTEM_EXEC = [
  "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt",
  // On NixOS every program and library lies here.
  "/nix/store",
];

const SYSTEM_READ = [
  // Name service, locales, certificates, alternatives. Files that only root may read stay so.
  "/etc",
  // Programs count CPUs and NUMA nodes here to size their thread pools.
  "/sys/devices/system",
];

/** Whether `path` is one of the directories that the default policy grants, as they are really called on this host. */
export function isSystemDirectory(path: string): boolean {
  return [...SYSTEM_EXEC, ...SYSTEM_READ].some((directory) => {
    try {
      return realpathSync(directory) === path;
    } catch {
      return false;
    }
  });
}

/**
 * Variables that say how to talk to the user, none of which holds a secret. USER and SHELL are left out:
 * nothing needs them, and they tell who runs it. HOME is set by the jail.
 */
const ENVIRONMENT = [
  "PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_ADDRESS", "LC_COLLATE", "LC_CTYPE", "LC_IDENTIFICATION", "LC_MEASUREMENT", "LC_MESSAGES",
  "LC_MONETARY", "LC_NAME", "LC_NUMERIC", "LC_PAPER", "LC_TELEPHONE", "LC_TIME", "TZ",
  "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR",
];

const MIB = 1 << 20;
const GIB = 1 << 30;

/**
 * The default policy but for the working directory and the program itself, which `merge.ts` adds.
 *
 * @param memory the machine's, in bytes
 */
export function defaultLayer(memory: number): PolicyLayer {
  return {
    input: {
      filesystem: { read: SYSTEM_READ, exec: SYSTEM_EXEC },
      environment: { pass: ENVIRONMENT },
      network: { mode: "none" },
      limits: { processes: 512, files: 4096, memory: Math.max(MIB, Math.floor(memory / 2)), disk: 10 * GIB, tmp: GIB },
    },
    base: "/",
    optional: true,
    origin: () => ({ kind: "default" }),
  };
}

/** Directories that are nobody's project; a program that may write there or read everything there is not confined. */
const SYSTEM_TREES = ["/etc", "/proc", "/sys", "/dev", "/boot", "/run", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32"];
const SHARED_DIRECTORIES = ["/usr", "/opt", "/var", "/home", "/tmp", "/var/tmp"];

/**
 * Why `cwd` must not be handed to the program just because it happens to be the working directory;
 * `undefined` if it may. Both paths are real ones.
 */
export function tooMuch(cwd: string, home: string): string | undefined {
  if (cwd === "/") return "is the root of the file system";
  if (cwd === home) return "is your home directory, with everything you own in it";
  if (home.startsWith(`${cwd}/`)) return "contains your home directory";
  if (SYSTEM_TREES.some((tree) => cwd === tree || cwd.startsWith(`${tree}/`))) return "is part of the system";
  if (SHARED_DIRECTORIES.includes(cwd)) return "is shared with the rest of the system";
  return undefined;
}
