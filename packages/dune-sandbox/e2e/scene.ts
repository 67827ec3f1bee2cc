/** A little host in a temporary directory: a home with a secret, a project to work in, things beside it. */

import { randomBytes } from "node:crypto";
import {
  chmodSync, chownSync, closeSync, lstatSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Identity } from "./harness.js";

/**
 *      <directory>/
 *        outside/secret          the token; not in the sandbox
 *        readonly/file, ...      for --read
 *        tmp/                    TMPDIR of the sandbox's caller
 *        home/.ssh/id_rsa        the token
 *        home/sibling            the token
 *        home/project/           the working directory
 *          planted-link          -> outside/secret
 *          planted-directory     -> outside
 */
export class Scene {
  readonly token = `token-${randomBytes(8).toString("hex")}`;
  readonly directory: string;
  readonly identity: Identity;
  readonly #mounts: readonly string[];
  readonly #groups: readonly string[];

  constructor(identity: Identity) {
    this.identity = identity;
    this.directory = mkdtempSync(join(tmpdir(), "dune-e2e-"));
    for (const name of ["outside", "readonly", "readonly/spare-directory", "tmp", "home", "home/.ssh", "home/project"]) {
      mkdirSync(join(this.directory, name));
    }
    for (const name of ["outside/secret", "outside/file", "home/.ssh/id_rsa", "home/sibling"]) this.write(name, this.token);
    for (const name of ["readonly/file", "readonly/spare", "outside/spare"]) this.write(name, "planted\n");
    mkdirSync(join(this.directory, "outside/spare-directory"));
    symlinkSync(this.secret, join(this.project, "planted-link"));
    symlinkSync(this.outside, join(this.project, "planted-directory"));
    giveTo(identity, this.directory);
    this.#mounts = mounts();
    this.#groups = controlGroups();
  }

  get project(): string {
    return join(this.directory, "home/project");
  }

  get outside(): string {
    return join(this.directory, "outside");
  }

  get readonly(): string {
    return join(this.directory, "readonly");
  }

  get secret(): string {
    return join(this.outside, "secret");
  }

  /** For the command's environment: a home with secrets in it, and secrets in variables. */
  get environment(): Record<string, string> {
    return {
      HOME: join(this.directory, "home"),
      TMPDIR: join(this.directory, "tmp"),
      AWS_SECRET_ACCESS_KEY: this.token,
      GITHUB_TOKEN: this.token,
      SSH_AUTH_SOCK: `/tmp/${this.token}`,
    };
  }

  /** Writes a file below the directory; `mode` in octal. Returns its path. */
  write(name: string, contents: string | Uint8Array, mode = 0o644): string {
    const path = join(this.directory, name);
    writeFileSync(path, contents);
    chmodSync(path, mode);
    chownSync(path, this.identity.uid, this.identity.gid);
    return path;
  }

  /** Everything in outside/ and readonly/ that a program could have changed. */
  untouchable(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const tree of [this.outside, this.readonly]) describeTree(tree, found);
    return found;
  }

  /**
   * What a run left behind: processes that know this directory, mounts, control groups, files in TMPDIR.
   * The kernel may take a moment after the caller has gone, so this asks again for a while.
   */
  async leftovers(patience = 1500): Promise<string[]> {
    const deadline = Date.now() + patience;
    for (;;) {
      const found = [...this.processes(), ...this.#newMounts(), ...this.#newGroups(), ...this.#temporaries()];
      if (found.length === 0 || Date.now() > deadline) return found;
      await sleep(50);
    }
  }

  /** Processes whose arguments, working directory or mounts name this directory. */
  processes(): string[] {
    const found: string[] = [];
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
      const commandLine = attempt(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      if (commandLine.includes("host.py")) continue;
      const knows = [commandLine, attempt(() => readlinkSync(`/proc/${pid}/cwd`)), attempt(() => readFileSync(`/proc/${pid}/mountinfo`, "utf8"))];
      if (knows.some((text) => text.includes(this.directory))) found.push(`process ${pid}: ${commandLine.replaceAll("\0", " ").slice(0, 100)}`);
    }
    return found;
  }

  #newMounts(): string[] {
    return mounts().filter((mount) => !this.#mounts.includes(mount)).map((mount) => `mount ${mount}`);
  }

  #newGroups(): string[] {
    return controlGroups().filter((group) => !this.#groups.includes(group));
  }

  #temporaries(): string[] {
    return attempt(() => readdirSync(join(this.directory, "tmp")).join(" ")).split(" ").filter(Boolean).map((name) => `temporary ${name}`);
  }

  [Symbol.dispose](): void {
    for (const found of this.processes()) {
      attempt(() => {
        process.kill(Number(/\d+/.exec(found)?.[0]), "SIGKILL");
        return "";
      });
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Runs `use` in a new scene and clears it away. */
export async function inScene<Result>(identity: Identity, use: (scene: Scene) => Promise<Result>): Promise<Result> {
  const scene = new Scene(identity);
  try {
    return await use(scene);
  } finally {
    scene[Symbol.dispose]();
  }
}

/** Runs `use` with descriptors 3 to 20 of a child in mind: one directory, files read and written. */
export async function withLeaks<Result>(scene: Scene, use: (leak: readonly number[]) => Promise<Result>): Promise<Result> {
  const leak = Array.from({ length: 18 }, (_, index) => {
    if (index % 3 === 0) return openSync(scene.outside, "r");
    return index % 3 === 1 ? openSync(scene.secret, "r") : openSync(join(scene.outside, "file"), "a");
  });
  try {
    return await use(leak);
  } finally {
    for (const descriptor of leak) closeSync(descriptor);
  }
}

function giveTo(identity: Identity, directory: string): void {
  chownSync(directory, identity.uid, identity.gid);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) giveTo(identity, path);
    else if (!entry.isSymbolicLink()) chownSync(path, identity.uid, identity.gid);
  }
}

function describeTree(path: string, found: Record<string, string>): void {
  const status = lstatSync(path);
  found[path] = [status.mode.toString(8), status.uid, status.gid, status.nlink, status.size, status.mtimeMs].join(" ");
  if (status.isFile()) found[path] += ` ${readFileSync(path, "hex")}`;
  if (status.isDirectory()) for (const name of readdirSync(path)) describeTree(join(path, name), found);
}

/** Without the ids and the optional fields, which differ from one reading to the next. */
function mounts(): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n").map((line) => line.split(" ").slice(3, 5).join(" on "));
}

function controlGroups(root = "/sys/fs/cgroup", depth = 0): string[] {
  if (depth > 5) return [];
  const found: string[] = [];
  for (const entry of attemptList(root)) {
    const path = join(root, entry);
    if (entry.startsWith("dune")) found.push(`control group ${path}`);
    found.push(...controlGroups(path, depth + 1));
  }
  return found;
}

function attemptList(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** Processes and files come and go while one looks. */
function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
