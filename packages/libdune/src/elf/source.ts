import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { DuneError } from "../errors.js";

/** Bytes that can be read at an offset: a file that is never loaded whole, or an array. */
export interface ElfSource {
  /** How messages call it. */
  readonly label: string;
  readonly size: bigint;
  /** Exactly `length` bytes from `offset`; throws `ERR_DUNE_ELF_TRUNCATED` where the source ends before. */
  read(offset: bigint, length: number): DataView;
  close(): void;
}

/** Opens a path, or wraps bytes that are in memory already. */
export function openElfSource(source: string | Uint8Array): ElfSource {
  return typeof source === "string" ? openFile(source) : wrapBytes(source);
}

function wrapBytes(bytes: Uint8Array): ElfSource {
  const label = "the given bytes";
  const size = BigInt(bytes.byteLength);
  return {
    label,
    size,
    read(offset, length) {
      checkRange(label, size, offset, length);
      return new DataView(bytes.buffer, bytes.byteOffset + Number(offset), length);
    },
    close() {
      // The caller owns the bytes.
    },
  };
}

function openFile(path: string): ElfSource {
  const fd = openRegular(path);
  const size = fstatSync(fd, { bigint: true }).size;
  return {
    label: path,
    size,
    read(offset, length) {
      checkRange(path, size, offset, length);
      const buffer = new Uint8Array(length);
      readFully(fd, buffer, Number(offset), path);
      return new DataView(buffer.buffer);
    },
    close() {
      closeSync(fd);
    },
  };
}

function openRegular(path: string): number {
  try {
    // stat first: opening a device or a pipe can have effects of its own, or block.
    if (!statSync(path).isFile()) throw notRegular(path);
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // And once more on what was really opened.
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    throw notRegular(path);
  } catch (error) {
    if (error instanceof DuneError) throw error;
    throw new DuneError("ERR_DUNE_ELF_UNREADABLE", {
      what: `cannot read ${path}`,
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

function notRegular(path: string): DuneError {
  return new DuneError("ERR_DUNE_ELF_UNREADABLE", { what: `cannot read ${path}`, why: "it is not a regular file" });
}

/** A read may return less than asked for, and the file may have shrunk since its size was taken. */
function readFully(fd: number, buffer: Uint8Array, offset: number, label: string): void {
  let done = 0;
  while (done < buffer.byteLength) {
    const count = readSync(fd, buffer, done, buffer.byteLength - done, offset + done);
    if (count === 0) throw truncated(label, BigInt(offset + done), BigInt(offset), buffer.byteLength);
    done += count;
  }
}

function checkRange(label: string, size: bigint, offset: bigint, length: number): void {
  if (offset > size || BigInt(length) > size - offset) throw truncated(label, size, offset, length);
}

function truncated(label: string, size: bigint, offset: bigint, length: number): DuneError {
  return new DuneError("ERR_DUNE_ELF_TRUNCATED", {
    what: `${label} is cut short`,
    why: `it refers to ${length} bytes at offset ${String(offset)}, and has ${String(size)}`,
  });
}
