import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { step, StepError } from "./step.mjs";

/**
 * What has to be on the machine besides Node, npm and git, and what for. A row is
 * satisfied by its command, its file, or what its probe finds, wherever that came from;
 * the Debian package is only what we install if it is missing.
 *
 * @typedef {{ package: string, command?: string, file?: string, probe?: () => boolean, why: string }} SystemPackage
 */

/** @type {readonly SystemPackage[]} */
export const forStart = [
  { package: "gcc", command: "gcc", why: "compiles the native helpers" },
  { package: "libc6-dev", file: "/usr/include/stdio.h", why: "the C headers of the demo's untrusted program" },
  { package: "linux-libc-dev", file: "/usr/include/linux/landlock.h", why: "the kernel's headers: KVM, Landlock, seccomp" },
  { package: "make", command: "make", why: "drives the native builds" },
  { package: "musl-tools", command: "musl-gcc", why: "links the helpers statically, so that they run on any distribution" },
];

/** @type {readonly SystemPackage[]} */
export const forTest = [
  { package: "binutils", command: "readelf", why: "a second opinion on ELF files" },
  { package: "bubblewrap", command: "bwrap", why: "the sandbox that ours is compared with" },
  { package: "clang", command: "clang", why: "builds the fuzzers" },
  { package: "libclang-rt-dev", probe: hasFuzzerRuntime, why: "the runtime of the fuzzers" },
  { package: "git", command: "git", why: "a real program run in the sandbox" },
  { package: "perl", command: "perl", why: "a real program run in the sandbox" },
  { package: "procps", command: "ps", why: "a real program run in the sandbox" },
  { package: "python3", command: "python3", why: "a real program run in the sandbox" },
  { package: "sqlite3", command: "sqlite3", why: "a real program run in the sandbox" },
];

/**
 * Installs what is missing where we may (root on a Debian system); names it and fails elsewhere.
 *
 * @param {readonly SystemPackage[]} wanted
 * @throws {StepError}
 */
export async function ensureSystemPackages(wanted, isRoot = process.getuid?.() === 0) {
  const missing = wanted.filter((row) => !isPresent(row));
  if (missing.length === 0) return;
  const names = missing.map((row) => row.package);
  if (!onPath("apt-get")) {
    const tools = missing.map((row) => `${row.command ?? row.file ?? row.package} (${row.why})`);
    console.error(`Missing on this machine: ${tools.join(", ")}. Install them with your package manager, then try again.`);
    throw new StepError("system packages");
  }
  if (!isRoot) {
    console.error(`Missing on this machine: ${names.join(", ")}. Run: sudo apt-get install -y ${names.join(" ")}`);
    throw new StepError("system packages");
  }
  await install(names);
}

/** @param {readonly string[]} names */
async function install(names) {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const fetched = !hasPackageLists();
  if (fetched) await step("apt-get update", ["apt-get", "update"], { env });
  // Lists that were there may be too old to name a file the mirror still has; apt says so
  // by failing, and then a fresh list is worth one more attempt.
  const command = ["apt-get", "install", "-y", "--no-install-recommends", ...names];
  const title = `apt-get install ${names.join(" ")}`;
  if (!fetched && spawnSync(command[0], [...command.slice(1), "--download-only"], { env: { ...process.env, ...env } }).status !== 0) {
    await step("apt-get update", ["apt-get", "update"], { env });
  }
  await step(title, command, { env });
}

/** Images of Debian come with an empty folder of package lists. */
function hasPackageLists() {
  const folder = "/var/lib/apt/lists";
  return existsSync(folder) && readdirSync(folder).some((name) => name.includes("_Packages"));
}

/** @param {SystemPackage} row */
function isPresent({ command, file, probe }) {
  if (probe !== undefined) return probe();
  return command === undefined ? file !== undefined && existsSync(file) : onPath(command);
}

/** The library is clang's own, in a folder with its version. */
function hasFuzzerRuntime() {
  const { stdout } = spawnSync("clang", ["-print-resource-dir"], { encoding: "utf8" });
  return typeof stdout === "string" && existsSync(join(stdout.trim(), "lib/linux/libclang_rt.fuzzer-x86_64.a"));
}

/** @param {string} command */
function onPath(command) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => isExecutable(join(folder, command)));
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
