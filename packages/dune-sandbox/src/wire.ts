/** What the jail helper reports, decoded. The layout is `struct report` and its kin in `native/jail/plan.h`. */

import { LAYER } from "./plan.js";
import type { Layer } from "./plan.js";
import type { RawDenial } from "./denial.js";

/** Names of the bounds that the helper enforces itself, in the order of `LIMIT_*`. */
const LIMITS = ["wall", "cpu", "memory", "disk", "processes", "output"] as const;
export type EnforcedLimit = (typeof LIMITS)[number];

const CHANGES = ["created", "modified", "deleted", "replaced"] as const;

/** One file that a dry run changed; `replaced` is a directory that was removed and made anew. */
export interface Change {
  readonly kind: (typeof CHANGES)[number];
  /** Absolute path. Chosen by the program: print it through `quote()`. */
  readonly path: string;
  /** Bytes; 0 for directories and deletions. */
  readonly size: number;
}

/** What one run used. */
export interface Usage {
  /** Microseconds. */
  readonly wall: number;
  /** Microseconds of user and system time, all processes. */
  readonly cpu: number;
  /** Bytes: the highest sum of resident memory that was sampled, at least that of the largest process. */
  readonly memory: number;
  /** Bytes written to storage, as far as sampled. */
  readonly written: number;
  /** Highest number of processes and threads that was sampled; 0 if the run was too short for a sample. */
  readonly tasks: number;
}

export type Report =
  | { readonly type: "started"; readonly pid: number; readonly landlockAbi: number }
  | { readonly type: "failed"; readonly layer: Layer | undefined; readonly errno: number; readonly step: string }
  | { readonly type: "denied"; readonly denial: RawDenial }
  | { readonly type: "lookup"; readonly name: string }
  | { readonly type: "limit"; readonly limit: EnforcedLimit; readonly value: number }
  | { readonly type: "change"; readonly change: Change }
  | { readonly type: "dropped"; readonly count: number }
  /** `status` as wait(2) gives it. */
  | { readonly type: "exit"; readonly status: number; readonly usage: Usage }
  /** The program was stopped from its private terminal. */
  | { readonly type: "stopped" }
  | { readonly type: "done" };

const HEADER = 8;

/** Cuts a stream of bytes into reports. */
export class ReportReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The reports that are complete with `chunk`. */
  push(chunk: Buffer): Report[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const reports: Report[] = [];
    while (this.#rest.length >= HEADER) {
      const end = HEADER + this.#rest.readUInt32LE(4);
      if (this.#rest.length < end) break;
      reports.push(decode(this.#rest.readUInt16LE(0), this.#rest.readUInt16LE(2), this.#rest.subarray(HEADER, end)));
      this.#rest = this.#rest.subarray(end);
    }
    return reports;
  }
}

function decode(type: number, arg: number, data: Buffer): Report {
  switch (type) {
    case 1:
      return { type: "started", pid: data.readUInt32LE(0), landlockAbi: data.readUInt32LE(4) };
    case 2:
      return { type: "failed", layer: layerOf(arg), errno: data.readInt32LE(0), step: strings(data.subarray(4))[0] ?? "" };
    case 3:
      return { type: "denied", denial: decodeDenial(data) };
    case 4:
      return { type: "lookup", name: strings(data)[0] ?? "" };
    case 5:
      return { type: "limit", limit: member(LIMITS, arg), value: number64(data, 0) };
    case 6:
      return { type: "change", change: { kind: member(CHANGES, arg), size: number64(data, 0), path: strings(data.subarray(8))[0] ?? "" } };
    case 7:
      return { type: "dropped", count: number64(data, 0) };
    case 8:
      return { type: "exit", status: data.readInt32LE(0), usage: decodeUsage(data) };
    case 9:
      return { type: "done" };
    case 10:
      return { type: "stopped" };
    default:
      throw new RangeError(`dune-jail sent a report of unknown type ${type}; it is not of this version`);
  }
}

/** `struct report_denied`, then two strings. */
function decodeDenial(data: Buffer): RawDenial {
  const args = Array.from({ length: 6 }, (_, index) => data.readBigUInt64LE(24 + 8 * index));
  const addressLength = data.readUInt32LE(100);
  const [path = "", path2 = ""] = strings(data.subarray(104));
  return {
    pid: data.readUInt32LE(0),
    number: data.readUInt16LE(4),
    error: data.readUInt16LE(6),
    access: number64(data, 8),
    access2: number64(data, 16),
    args,
    path,
    path2,
    address: addressLength === 0 ? undefined : data.subarray(72, 72 + addressLength),
  };
}

/** `struct report_exit` */
function decodeUsage(data: Buffer): Usage {
  return {
    tasks: data.readUInt32LE(4),
    wall: number64(data, 8),
    cpu: number64(data, 16),
    memory: number64(data, 24),
    written: number64(data, 32),
  };
}

function layerOf(bit: number): Layer | undefined {
  return (Object.keys(LAYER) as Layer[]).find((name) => LAYER[name] === bit);
}

function member<T>(names: readonly T[], number: number): T {
  const name = names[number - 1];
  if (name === undefined) throw new RangeError(`dune-jail sent ${number} where at most ${names.length} is known`);
  return name;
}

function number64(data: Buffer, offset: number): number {
  return Number(data.readBigUInt64LE(offset));
}

function strings(data: Buffer): string[] {
  return data.toString("utf8").split("\0");
}
