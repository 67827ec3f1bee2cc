import { DuneError } from "../errors.js";
import { DT_NEEDED, DT_NULL, DT_STRSZ, DT_STRTAB, ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, EV_CURRENT } from "./fields.js";
import { HEADER_MACHINE, HEADER_TYPE, HEADER_VERSION, IDENT, layout32, layout64, PF_R, PF_W, PF_X } from "./fields.js";
import type { Layout } from "./fields.js";
import { machineName, segmentName, typeName } from "./names.js";
import type { ElfType, SegmentType } from "./names.js";
import { openElfSource } from "./source.js";
import type { ElfSource } from "./source.js";

/** One program header. Addresses and sizes are bytes; they are what the file says, not checked against it. */
export interface ElfSegment {
  readonly type: SegmentType;
  /** p_type as it stands in the file. */
  readonly typeNumber: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileSize: bigint;
  readonly memorySize: bigint;
  readonly align: bigint;
}

/** What the kernel and the dynamic loader read in an ELF file before its first instruction runs. */
export interface ElfFile {
  readonly class: 32 | 64;
  readonly byteOrder: "little" | "big";
  /** e_machine by name: `x86-64`, `i386`, `aarch64`, `arm`, `riscv`, ...; `unknown (n)` for a number without one. */
  readonly machine: string;
  /** e_machine as it stands in the file. */
  readonly machineNumber: number;
  readonly type: ElfType;
  /** e_entry: a virtual address; relative to the load address if `type` is `shared`. */
  readonly entry: bigint;
  /** Path of the dynamic loader (PT_INTERP); absent in a static program and in most libraries. */
  readonly interpreter?: string;
  readonly segments: readonly ElfSegment[];
  /** DT_NEEDED: the libraries it asks the dynamic loader for, in order. */
  readonly needed: readonly string[];
}

/** binfmt_elf.c refuses a longer table of program headers, so nothing that runs on Linux has one. */
const MAX_TABLE_BYTES = 65_536;
/** PATH_MAX: the kernel refuses a longer interpreter, and no library has a longer name. */
const MAX_NAME_BYTES = 4096;
/** Our own bound: 4,096 entries; the largest programs have about a hundred. */
const MAX_DYNAMIC_BYTES = 65_536;

/**
 * Reads an ELF file's header, program headers, interpreter and needed libraries.
 *
 * Made for files that nobody vouches for: every offset and size is checked before it is
 * used, memory is bounded whatever the file claims, and only regular files are opened.
 *
 * @param source a path, or the bytes of a file
 * @throws {DuneError} `ERR_DUNE_ELF_UNREADABLE`, `ERR_DUNE_ELF_NOT_ELF`,
 *   `ERR_DUNE_ELF_TRUNCATED` or `ERR_DUNE_ELF_INVALID`
 * @example
 * readElf("/bin/true").machine; // "x86-64"
 */
export function readElf(source: string | Uint8Array): ElfFile {
  const opened = openElfSource(source);
  try {
    return new ElfReader(opened).file();
  } finally {
    opened.close();
  }
}

class ElfReader {
  readonly #source: ElfSource;
  readonly #bits: 32 | 64;
  readonly #little: boolean;
  readonly #layout: Layout;

  constructor(source: ElfSource) {
    this.#source = source;
    const ident = readIdent(source);
    const elfClass = ident.getUint8(IDENT.class);
    if (elfClass !== ELFCLASS32 && elfClass !== ELFCLASS64) throw this.#invalid(`its class is ${elfClass}, neither 1 (32-bit) nor 2 (64-bit)`);
    const order = ident.getUint8(IDENT.data);
    if (order !== ELFDATA2LSB && order !== ELFDATA2MSB) throw this.#invalid(`its byte order is ${order}, neither 1 (little) nor 2 (big)`);
    this.#bits = elfClass === ELFCLASS64 ? 64 : 32;
    this.#little = order === ELFDATA2LSB;
    this.#layout = this.#bits === 64 ? layout64 : layout32;
  }

  file(): ElfFile {
    const header = this.#source.read(0n, this.#layout.header.size);
    const version = header.getUint32(HEADER_VERSION, this.#little);
    if (version !== EV_CURRENT) throw this.#invalid(`its version is ${version}, not 1`);
    const machineNumber = header.getUint16(HEADER_MACHINE, this.#little);
    const segments = this.#segments(header);
    const interpreter = this.#interpreter(segments);
    return {
      class: this.#bits,
      byteOrder: this.#little ? "little" : "big",
      machine: machineName(machineNumber),
      machineNumber,
      type: typeName(header.getUint16(HEADER_TYPE, this.#little)),
      entry: this.#word(header, this.#layout.header.entry),
      ...(interpreter === undefined ? {} : { interpreter }),
      segments,
      needed: this.#needed(segments),
    };
  }

  #segments(header: DataView): ElfSegment[] {
    const { phoff, phentsize, phnum } = this.#layout.header;
    const count = header.getUint16(phnum, this.#little);
    if (count === 0) return [];
    const { size } = this.#layout.segment;
    const stated = header.getUint16(phentsize, this.#little);
    if (stated !== size) throw this.#invalid(`its program headers are ${stated} bytes long instead of ${size}`);
    if (count * size > MAX_TABLE_BYTES) throw this.#invalid(`it has ${count} program headers, more than Linux loads`);
    const table = this.#source.read(this.#word(header, phoff), count * size);
    return Array.from({ length: count }, (_, index) => this.#segment(table, index * size));
  }

  #segment(table: DataView, start: number): ElfSegment {
    const at = this.#layout.segment;
    const typeNumber = table.getUint32(start, this.#little);
    const flags = table.getUint32(start + at.flags, this.#little);
    return {
      type: segmentName(typeNumber),
      typeNumber,
      read: (flags & PF_R) !== 0,
      write: (flags & PF_W) !== 0,
      execute: (flags & PF_X) !== 0,
      offset: this.#word(table, start + at.offset),
      address: this.#word(table, start + at.vaddr),
      fileSize: this.#word(table, start + at.filesz),
      memorySize: this.#word(table, start + at.memsz),
      align: this.#word(table, start + at.align),
    };
  }

  /** The first PT_INTERP counts, under the rules of the kernel: 2 to PATH_MAX bytes, the last one NUL. */
  #interpreter(segments: readonly ElfSegment[]): string | undefined {
    const segment = segments.find(({ type }) => type === "interp");
    if (segment === undefined) return undefined;
    if (segment.fileSize < 2n || segment.fileSize > BigInt(MAX_NAME_BYTES)) {
      throw this.#invalid(`its interpreter is ${String(segment.fileSize)} bytes long`);
    }
    const bytes = this.#source.read(segment.offset, Number(segment.fileSize));
    if (bytes.getUint8(bytes.byteLength - 1) !== 0) throw this.#invalid("its interpreter does not end with a NUL byte");
    return text(bytes, "interpreter", this.#source.label);
  }

  #needed(segments: readonly ElfSegment[]): string[] {
    const segment = segments.find(({ type }) => type === "dynamic");
    if (segment === undefined) return [];
    const names: bigint[] = [];
    let table: bigint | undefined;
    let size: bigint | undefined;
    for (const [tag, value] of this.#dynamic(segment)) {
      if (tag === DT_NEEDED) names.push(value);
      else if (tag === DT_STRTAB) table = value;
      else if (tag === DT_STRSZ) size = value;
    }
    if (names.length === 0) return [];
    if (table === undefined || size === undefined) throw this.#invalid("it needs libraries but has no table of their names");
    const start = this.#fileOffset(segments, table);
    return names.map((name) => this.#name(start, size, name));
  }

  *#dynamic(segment: ElfSegment): Generator<[tag: bigint, value: bigint]> {
    if (segment.fileSize > BigInt(MAX_DYNAMIC_BYTES)) {
      throw this.#invalid(`its dynamic section is ${String(segment.fileSize)} bytes long`);
    }
    const bytes = this.#source.read(segment.offset, Number(segment.fileSize));
    const { dynamic: step, word } = this.#layout;
    for (let at = 0; at + step <= bytes.byteLength; at += step) {
      const tag = this.#word(bytes, at);
      if (tag === DT_NULL) return;
      yield [tag, this.#word(bytes, at + word)];
    }
  }

  /** The dynamic section speaks of addresses; PT_LOAD says which bytes of the file lie there. */
  #fileOffset(segments: readonly ElfSegment[], address: bigint): bigint {
    for (const { type, address: start, fileSize, offset } of segments) {
      if (type === "load" && address >= start && address - start < fileSize) return offset + (address - start);
    }
    throw this.#invalid(`address 0x${address.toString(16)} is in no part of the file that is loaded`);
  }

  #name(table: bigint, size: bigint, name: bigint): string {
    if (name >= size) throw this.#invalid("the name of a library lies outside the table of names");
    const room = size - name;
    const bytes = this.#source.read(table + name, Math.min(MAX_NAME_BYTES, clamp(room)));
    return text(bytes, "name of a library", this.#source.label);
  }

  #word(view: DataView, offset: number): bigint {
    return this.#bits === 64 ? view.getBigUint64(offset, this.#little) : BigInt(view.getUint32(offset, this.#little));
  }

  #invalid(why: string): DuneError {
    return invalid(this.#source.label, why);
  }
}

/** e_ident; a file too short for it, or without the magic, is not an ELF file at all. */
function readIdent(source: ElfSource): DataView {
  const magic = 0x7f454c46; // "\x7fELF"
  if (source.size < 4n || source.read(0n, 4).getUint32(0) !== magic) {
    throw new DuneError("ERR_DUNE_ELF_NOT_ELF", {
      what: `${source.label} is not an ELF file`,
      why: "it does not begin with the four bytes 7f 45 4c 46",
    });
  }
  return source.read(0n, IDENT.size);
}

/** The bytes before the first NUL. Linux paths are bytes; those that are not UTF-8 come out with U+FFFD. */
function text(view: DataView, what: string, label: string): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const end = bytes.indexOf(0);
  if (end === -1) throw invalid(label, `the ${what} does not end with a NUL byte`);
  if (end === 0) throw invalid(label, `the ${what} is empty`);
  return new TextDecoder().decode(bytes.subarray(0, end));
}

function clamp(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

function invalid(label: string, why: string): DuneError {
  return new DuneError("ERR_DUNE_ELF_INVALID", { what: `${label} is not a valid ELF file`, why });
}
