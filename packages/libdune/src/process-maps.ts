import { readFileSync } from "node:fs";
import { DuneError } from "./errors.js";

/** One line of /proc/PID/maps, proc_pid_maps(5): a range of addresses with one kind of backing. */
export interface ProcessMapping {
  /** First byte. */
  readonly start: bigint;
  /** The byte after the last. */
  readonly end: bigint;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  /** `MAP_SHARED`; a private mapping copies what is written. */
  readonly shared: boolean;
  /** Offset of `start` in the file, in bytes; 0 where there is no file. */
  readonly offset: bigint;
  /** Device and inode of the file; all zero where there is none. */
  readonly device: { readonly major: number; readonly minor: number };
  readonly inode: bigint;
  /**
   * The file's path, or `[heap]`, `[stack]`, `[vdso]`, `[anon:NAME]`; absent for plain anonymous memory.
   * Exactly as the kernel prints it: a newline in a path is `\012`, and a file that was removed has
   * ` (deleted)` behind it. Neither can be told from a file that is really called so.
   */
  readonly name?: string;
}

const line =
  /^(?<start>[0-9a-f]{1,16})-(?<end>[0-9a-f]{1,16}) (?<r>[r-])(?<w>[w-])(?<x>[x-])(?<s>[sp]) (?<offset>[0-9a-f]{1,16}) (?<major>[0-9a-f]{2,}):(?<minor>[0-9a-f]{2,}) (?<inode>\d+)(?: +(?<name>.*))?$/s;

/**
 * Parses the text of a /proc/PID/maps file.
 *
 * @throws {DuneError} `ERR_DUNE_MAPS_INVALID`, which names the line
 */
export function parseProcMaps(text: string): ProcessMapping[] {
  return text.split("\n").flatMap((content, index) => (content === "" ? [] : [parseLine(content, index + 1)]));
}

/**
 * Reads the mappings of a process, in the order of their addresses.
 *
 * The file is not a snapshot: mappings that change while it is read may be missing or seen twice.
 *
 * @param pid the process; this one if left out
 * @throws {DuneError} `ERR_DUNE_MAPS_UNREADABLE` if there is no such process, it may not be read, or this is not Linux
 * @example
 * readProcMaps().find(({ name }) => name === "[stack]");
 */
export function readProcMaps(pid: number | "self" = "self"): ProcessMapping[] {
  const path = `/proc/${pid}/maps`;
  let text: string;
  try {
    if (pid !== "self" && !(Number.isSafeInteger(pid) && pid > 0)) throw new RangeError("a process id is a positive integer");
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DuneError("ERR_DUNE_MAPS_UNREADABLE", { what: `cannot read ${path}`, why, cause });
  }
  return parseProcMaps(text);
}

function parseLine(content: string, number: number): ProcessMapping {
  const field = line.exec(content)?.groups;
  if (field === undefined) throw invalid(number, `it reads ${JSON.stringify(content)}`);
  const start = hex(field.start);
  const end = hex(field.end);
  if (start >= end) throw invalid(number, "it ends before it starts");
  return {
    start,
    end,
    read: field.r === "r",
    write: field.w === "w",
    execute: field.x === "x",
    shared: field.s === "s",
    offset: hex(field.offset),
    device: { major: Number(hex(field.major)), minor: Number(hex(field.minor)) },
    inode: BigInt(field.inode ?? 0),
    ...(field.name === undefined || field.name === "" ? {} : { name: field.name }),
  };
}

function hex(digits: string | undefined): bigint {
  return BigInt(`0x${digits ?? "0"}`);
}

function invalid(number: number, why: string): DuneError {
  return new DuneError("ERR_DUNE_MAPS_INVALID", { what: `line ${number} is no line of /proc/PID/maps`, why });
}
