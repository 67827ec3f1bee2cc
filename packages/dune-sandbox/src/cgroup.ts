/**
 * Memory and process limits by cgroup, where one can be had (cgroups(7)): exact, for all processes
 * together, and the kernel says when a limit was hit. As root that is either version; without root it
 * takes a delegated cgroup v2.
 */

import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";

const REMOVE_TRIES = 200;
const REMOVE_PAUSE_MS = 10;

const MOUNT = "/sys/fs/cgroup";

/** The reaper is in the cgroup, too; and one more than the policy allows, so that it is seen and the run stopped. */
const OWN_TASKS = 2;

export interface CgroupLimits {
  /** Bytes. */
  readonly memory?: number | undefined;
  /** Processes and threads. */
  readonly processes?: number | undefined;
}

/** What one controller can do for us, and in which files. */
interface Controller {
  readonly limit: keyof CgroupLimits;
  /** File and value that set the limit. */
  readonly settings: (bound: number) => readonly (readonly [file: string, value: string])[];
  /** File and key that count how often it was hit. */
  readonly events: readonly [file: string, key: string];
}

/** The same in both versions. */
const PIDS: Controller = { limit: "processes", settings: (bound) => [["pids.max", String(bound + OWN_TASKS)]], events: ["pids.events", "max"] };

const V2: Readonly<Record<string, Controller>> = {
  memory: {
    limit: "memory",
    settings: (bound) => [["memory.max", String(bound)], ["memory.swap.max", "0"], ["memory.oom.group", "1"]],
    events: ["memory.events", "oom_kill"],
  },
  pids: PIDS,
};

const V1: Readonly<Record<string, Controller>> = {
  memory: {
    limit: "memory",
    settings: (bound) => [["memory.limit_in_bytes", String(bound)], ["memory.memsw.limit_in_bytes", String(bound)]],
    events: ["memory.oom_control", "oom_kill"],
  },
  pids: PIDS,
};

interface Member {
  readonly directory: string;
  readonly controllers: readonly Controller[];
}

/** The cgroups of one run. */
export class Cgroup implements AsyncDisposable {
  readonly #members: readonly Member[];

  private constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** Makes a cgroup for the limits; `undefined` where this host and user have none to give. */
  static open(limits: CgroupLimits, cgroups = attempt(() => readFileSync("/proc/self/cgroup", "utf8")) ?? ""): Cgroup | undefined {
    const name = `dune-${randomUUID()}`;
    const members: Member[] = [];
    for (const { path, table } of parents(cgroups)) {
      const wanted = Object.entries(table).filter(([, { limit }]) => limits[limit] !== undefined);
      const member = attempt(() => makeMember(join(path, name), wanted.map(([, controller]) => controller), limits));
      if (member !== undefined) members.push(member);
    }
    return members.length === 0 ? undefined : new Cgroup(members);
  }

  /** `cgroup.procs` files to join. */
  get procs(): readonly string[] {
    return this.#members.map(({ directory }) => join(directory, "cgroup.procs"));
  }

  /** Whether the kernel enforces this limit here. */
  enforces(limit: keyof CgroupLimits): boolean {
    return this.#members.some(({ controllers }) => controllers.some((controller) => controller.limit === limit));
  }

  /** Whether the kernel had to enforce this limit. */
  exceeded(limit: keyof CgroupLimits): boolean {
    return this.#members.some(({ directory, controllers }) =>
      controllers.some((controller) => controller.limit === limit && readCount(join(directory, controller.events[0]), controller.events[1]) > 0));
  }

  /** Removes the cgroups; the run must have ended. (If nobody is left to call this, the helper's sweeper does it.) */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { directory } of this.#members) await removeEmptied(directory);
  }
}

/** Directories below which a cgroup of ours may be made. */
function parents(cgroups: string): { path: string; table: Readonly<Record<string, Controller>> }[] {
  // "4:memory:/user.slice"; the line of version 2 is "0::/user.slice".
  const own = cgroups.split("\n").flatMap((line) => {
    const [, controllers, path] = line.split(":");
    return controllers === undefined || path === undefined ? [] : [{ controllers, path }];
  });
  const unified = own.find(({ controllers }) => controllers === "")?.path;
  const v1 = own.flatMap(({ controllers, path }) =>
    Object.entries(V1).filter(([name]) => controllers.split(",").includes(name)).map(([name, controller]) => ({ path: join(MOUNT, controllers, path), table: { [name]: controller } })));
  const hasV2Controllers = attempt(() => readFileSync(join(MOUNT, "cgroup.subtree_control"), "utf8")) !== undefined;
  if (unified === undefined || !hasV2Controllers) return v1;
  // Processes may only be in leaves, so ours goes beside the caller's, or below the root.
  return [...v1, { path: process.getuid?.() === 0 ? MOUNT : dirname(join(MOUNT, unified)), table: V2 }];
}

function makeMember(directory: string, controllers: readonly Controller[], limits: CgroupLimits): Member | undefined {
  // Moving a process needs write access to the common ancestor, not only to the new directory.
  accessSync(join(dirname(directory), "cgroup.procs"), constants.W_OK);
  mkdirSync(directory);
  const working = controllers.filter(({ limit, settings }) => settings(limits[limit] ?? 0).map(([file, value], index) => write(join(directory, file), value) || index > 0).every(Boolean));
  if (working.length > 0) return { directory, controllers: working };
  rmdirSync(directory);
  return undefined;
}

/** A process that has been waited for is counted as a member for a moment longer. */
async function removeEmptied(directory: string): Promise<void> {
  for (let tries = 0; tries < REMOVE_TRIES; tries++) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EBUSY")) return;
    }
    await setTimeout(REMOVE_PAUSE_MS);
  }
}

/** The first setting of a controller is the limit itself; the others refine it and may be absent. */
function write(file: string, value: string): boolean {
  try {
    writeFileSync(file, value);
    return true;
  } catch {
    return false;
  }
}

function readCount(file: string, key: string): number {
  const text = attempt(() => readFileSync(file, "utf8")) ?? "";
  return Number(new RegExp(`^${key} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
