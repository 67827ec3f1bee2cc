export { readElf } from "./elf/elf.js";
export type { ElfFile, ElfSegment } from "./elf/elf.js";
export type { ElfType, SegmentType } from "./elf/names.js";
export { DuneError } from "./errors.js";
export type { DuneErrorCode, DuneErrorDetails } from "./errors.js";
