/**
 * The plan that the jail helper carries out, and its encoding. The layout and the meaning of every
 * record are described in `native/jail/plan.h`; the two files change together.
 */

import { SandboxError } from "./errors.js";
import type { PlanSyscall } from "./filter.js";
import type { Handled } from "./landlock.js";

const MAGIC = 0x4e4c5044;
const VERSION = 1;

/** Record types, `PLAN_*`. */
const RECORD = {
  ARG: 1, ENV: 2, CWD: 3, EXEC: 4, LAYERS: 5, ID: 6, HOSTNAME: 7, BIND: 8, TMPFS: 9, SYMLINK: 10, FILE: 11,
  LANDLOCK: 12, RULE: 13, FILTER: 14, SYSCALL: 15, RLIMIT: 16, CGROUP: 17, LIMITS: 18, RELAYDIR: 19, RELAY: 20,
  NAME: 21, TERMINAL: 22,
} as const;

/** The walls of the jail, each with its `LAYER_*` bit. */
export const LAYER = {
  user: 1 << 0,
  mount: 1 << 1,
  pid: 1 << 2,
  net: 1 << 3,
  ipc: 1 << 4,
  uts: 1 << 5,
  cgroup: 1 << 6,
  landlock: 1 << 7,
  seccomp: 1 << 8,
  supervisor: 1 << 9,
} as const;

/** Name of one wall, as results and errors list it. */
export type Layer = keyof typeof LAYER;

/** `BIND_*` */
export const BIND = { readonly: 1, noexec: 2, idmap: 4, device: 8, overlay: 16 } as const;

/** One thing to put into the program's root, in the order given. Targets are absolute real paths. */
export type MountPlan =
  | { readonly kind: "bind"; readonly source: string; readonly target: string; readonly flags: number }
  | { readonly kind: "tmpfs"; readonly target: string; readonly size: number; readonly mode: number }
  | { readonly kind: "symlink"; readonly target: string; readonly text: string }
  | { readonly kind: "file"; readonly target: string; readonly contents: string };

/** A range of ids: `inside` to `inside + count - 1` in the jail are `outside`… on the host. */
export interface IdMap {
  readonly insideUid: number;
  readonly outsideUid: number;
  readonly insideGid: number;
  readonly outsideGid: number;
  readonly count: number;
}

/** An IPv4 address in its four bytes. */
export type Ipv4 = readonly [number, number, number, number];

export interface Relay {
  /** `out`: the program connects to `address:port`; `in`: the host connects to it. */
  readonly direction: "out" | "in";
  readonly address: Ipv4;
  readonly port: number;
  /** Name of the unix socket in `relayDir`. */
  readonly socket: string;
}

export interface JailPlan {
  readonly argv: readonly string[];
  /** `NAME=value` */
  readonly env: readonly string[];
  /** Working directory and file to execute, as seen from inside. */
  readonly cwd: string;
  readonly exec: string;
  readonly layers: readonly Layer[];
  readonly id: IdMap;
  readonly hostname: string;
  readonly mounts: readonly MountPlan[];
  /** What Landlock restricts, by ABI: index 0 is ABI 1. The helper takes the newest that the kernel has. */
  readonly landlock: readonly Handled[];
  /** `access` is a mask of `LANDLOCK_ACCESS_FS_*`. */
  readonly rules: readonly { readonly path: string; readonly access: number }[];
  readonly filter: Uint8Array;
  readonly syscalls: readonly PlanSyscall[];
  /** `resource` is an `RLIMIT_*` number of x86-64. */
  readonly rlimits: readonly { readonly resource: number; readonly limit: number }[];
  /** `cgroup.procs` files to join. */
  readonly cgroups: readonly string[];
  /** Enforced by the helper; 0: none. Milliseconds, bytes, tasks. */
  readonly limits: { readonly wall: number; readonly cpu: number; readonly memory: number; readonly written: number; readonly tasks: number; readonly output: number };
  readonly relayDir: string | undefined;
  readonly relays: readonly Relay[];
  readonly names: readonly { readonly name: string; readonly address: Ipv4 }[];
  /** Bit n set: descriptor n is a terminal and becomes the private one. */
  readonly terminal: number;
}

/** `PLAN_MAX_*`: what the helper has room for. */
const MOST = { arguments: 32_768, mounts: 1024, rules: 1024, bytes: 4 << 20 } as const;

/**
 * The bytes that the helper reads from its descriptor 3.
 *
 * @throws {SandboxError} `ERR_SANDBOX_OPTION` if there is more of something than the helper has room for
 */
export function encodePlan(plan: JailPlan): Buffer {
  requireRoom("arguments", plan.argv.length, MOST.arguments);
  requireRoom("environment variables", plan.env.length, MOST.arguments);
  requireRoom("mounts", plan.mounts.length, MOST.mounts);
  requireRoom("rules about files", plan.rules.length, MOST.rules);
  const records = new Records();
  for (const argument of plan.argv) records.add(RECORD.ARG, text(argument));
  for (const variable of plan.env) records.add(RECORD.ENV, text(variable));
  records.add(RECORD.CWD, text(plan.cwd));
  records.add(RECORD.EXEC, text(plan.exec));
  records.add(RECORD.LAYERS, u32(plan.layers.reduce((mask, layer) => mask | LAYER[layer], 0)));
  const { insideUid, outsideUid, insideGid, outsideGid, count } = plan.id;
  records.add(RECORD.ID, u32(insideUid, outsideUid, insideGid, outsideGid, count));
  records.add(RECORD.HOSTNAME, text(plan.hostname));
  for (const mount of plan.mounts) addMount(records, mount);
  plan.landlock.forEach(({ fs, net, scoped }, index) => {
    records.addWith(index + 1, RECORD.LANDLOCK, u64(fs, net, scoped));
  });
  for (const { path, access } of plan.rules) records.add(RECORD.RULE, u64(access), text(path));
  records.add(RECORD.FILTER, plan.filter);
  for (const call of plan.syscalls) records.add(RECORD.SYSCALL, syscall(call));
  for (const { resource, limit } of plan.rlimits) records.add(RECORD.RLIMIT, u32(resource), u64(limit, limit));
  for (const path of plan.cgroups) records.add(RECORD.CGROUP, text(path));
  const { wall, cpu, memory, written, tasks, output } = plan.limits;
  records.add(RECORD.LIMITS, u64(wall, cpu, memory, written, tasks, output));
  if (plan.relayDir !== undefined) records.add(RECORD.RELAYDIR, text(plan.relayDir));
  for (const { direction, port, address, socket } of plan.relays) {
    records.addWith(direction === "out" ? 0 : 1, RECORD.RELAY, u16(port), Buffer.from(address), text(socket));
  }
  for (const { name, address } of plan.names) records.add(RECORD.NAME, Buffer.from(address), text(name));
  records.addWith(plan.terminal, RECORD.TERMINAL);
  const bytes = records.finish();
  requireRoom("bytes of arguments, environment and policy", bytes.length, MOST.bytes);
  return bytes;
}

function requireRoom(what: string, count: number, most: number): void {
  if (count > most) throw new SandboxError("ERR_SANDBOX_OPTION", `There are ${count} ${what}; at most ${most} can be handed to a program`);
}

class Records {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  add(type: number, ...payload: readonly Uint8Array[]): void {
    this.addWith(0, type, ...payload);
  }

  addWith(arg: number, type: number, ...payload: readonly Uint8Array[]): void {
    const size = payload.reduce((sum, part) => sum + part.byteLength, 0);
    this.#parts.push(u16(type, arg), u32(size), ...payload);
    this.#size += 8 + size;
  }

  finish(): Buffer {
    return Buffer.concat([u32(MAGIC, VERSION, this.#size), ...this.#parts]);
  }
}

function addMount(records: Records, mount: MountPlan): void {
  switch (mount.kind) {
    case "bind":
      records.addWith(mount.flags, RECORD.BIND, text(mount.source), text(mount.target));
      break;
    case "tmpfs":
      records.add(RECORD.TMPFS, u64(mount.size), u32(mount.mode), text(mount.target));
      break;
    case "symlink":
      records.add(RECORD.SYMLINK, text(mount.text), text(mount.target));
      break;
    case "file":
      records.add(RECORD.FILE, text(mount.target), Buffer.from(mount.contents));
      break;
  }
}

/** `struct plan_syscall` */
function syscall(call: PlanSyscall): Buffer {
  const { number, error, dir, path, dir2, path2, openflags, address, access, access2 } = call;
  return Buffer.concat([u16(number, error), Buffer.from([dir, path, dir2, path2, openflags, address]), u16(0), pad(4), u64(access, access2)]);
}

/** A NUL inside would end the string early in C; the jail refuses such a record. */
function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function pad(bytes: number): Buffer {
  return Buffer.alloc(bytes);
}

function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16LE(value, index * 2));
  return bytes;
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  return bytes;
}

function u64(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeBigUInt64LE(BigInt(value), index * 8));
  return bytes;
}
