/**
 * Ring 0 for an ordinary Linux process. This version has the parts that need no
 * engine: ELF files, memory maps, and the errors that the engines will throw.
 *
 * @packageDocumentation
 */
export { Dune } from "./dune.js";
export type { DuneOptions } from "./dune.js";
export { readElf } from "./elf/elf.js";
export type { ElfFile, ElfSegment } from "./elf/elf.js";
export type { ElfType, SegmentType } from "./elf/names.js";
export { DuneError } from "./errors.js";
export type { DuneErrorCode, DuneErrorDetails } from "./errors.js";
export { parseProcMaps, readProcMaps } from "./process-maps.js";
export type { ProcessMapping } from "./process-maps.js";
export { DuneUnsupportedError } from "./unsupported.js";
