/** The programs of `escape/` and what each needs around it. */

import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCES = fileURLToPath(new URL("../escape", import.meta.url));

export interface Probe {
  /** Unique among probes. */
  readonly name: string;
  /** The program, if it is not called like the probe. */
  readonly program?: string;
  /** Facts beyond those that every probe is told. */
  readonly facts?: Readonly<Record<string, string>>;
  /** What stdin is: empty, a file outside, a directory outside. */
  readonly stdin?: "file" | "directory";
  /** Leaks descriptors 3 to 20 into the sandbox's launcher. */
  readonly leak?: true;
  /** Runs in a terminal; `behind`: the terminal controls the session, but no stream leads to it. */
  readonly terminal?: "streams" | "behind";
  /** A sandbox may also refuse to start it. */
  readonly mayBeRefused?: true;
  /** Why it does not report ESCAPED when nothing confines it. */
  readonly unconfined?: string;
}

/** Probes that need more than their name. */
const SPECIAL: readonly Probe[] = [
  { name: "inherited-descriptors", leak: true },
  { name: "standard-streams-file", program: "standard-streams", stdin: "file", facts: { stdin: "file" } },
  { name: "standard-streams-directory", program: "standard-streams", stdin: "directory", facts: { stdin: "directory" }, mayBeRefused: true },
  { name: "terminal-input", terminal: "streams" },
  { name: "caller-terminal", terminal: "behind" },
  { name: "escape-sequences", unconfined: "only the sandbox prints what it asks for" },
  { name: "daemon", unconfined: "only the caller can see what it leaves" },
];

/** Probes with a test of their own: they need two runs, or their verdict is not simply the caller's to assert. */
const APART = ["planted-link", "standard-streams", "granted-socket"];

/** Every probe, from the folder's contents, so that none can be forgotten. */
export function allProbes(): Probe[] {
  const names = readdirSync(SOURCES).filter((file) => file.endsWith(".c")).map((file) => basename(file, ".c"));
  const plain = names.filter((name) => !APART.includes(name) && !SPECIAL.some((probe) => probe.name === name)).map((name) => ({ name }));
  return [...plain, { name: "secret-path-static" }, ...SPECIAL].sort((a, b) => a.name.localeCompare(b.name));
}

let built: string | undefined;

/** Compiles the probes once; returns the directory they are in, readable by everyone. */
export function buildProbes(): string {
  if (built === undefined) {
    built = mkdtempSync(join(tmpdir(), "dune-probes-"));
    chmodSync(built, 0o755);
    execFileSync("make", ["-s", "-j2", "-C", SOURCES, `OUT=${built}`], { stdio: ["ignore", "inherit", "inherit"] });
  }
  return built;
}

/** Puts a probe's program into a directory where the sandboxed program may execute it. */
export function installProbe(probe: Probe, directory: string): string {
  const target = join(directory, "probe");
  copyFileSync(join(buildProbes(), probe.program ?? probe.name), target);
  chmodSync(target, 0o755);
  return target;
}
