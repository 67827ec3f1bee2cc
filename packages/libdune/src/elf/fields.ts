/**
 * Where each field of the three structures we read lies (elf(5)). An address is 4
 * bytes wide in a 32-bit file and 8 in a 64-bit one, which moves what follows it;
 * and p_flags sits in different places.
 *
 *   Elf32_Phdr   type  offset  vaddr  paddr  filesz  memsz  flags  align
 *                0     4       8      12     16      20     24     28
 *   Elf64_Phdr   type  flags   offset vaddr  paddr   filesz memsz  align
 *                0     4       8      16     24      32     40     48
 */
export interface Layout {
  /** Width of an address in bytes. */
  readonly word: 4 | 8;
  readonly header: { readonly size: number; readonly entry: number; readonly phoff: number; readonly phentsize: number; readonly phnum: number };
  readonly segment: {
    readonly size: number;
    readonly flags: number;
    readonly offset: number;
    readonly vaddr: number;
    readonly filesz: number;
    readonly memsz: number;
    readonly align: number;
  };
  /** Size of one entry of the dynamic section: a tag and a value. */
  readonly dynamic: number;
}

export const layout32: Layout = {
  word: 4,
  header: { size: 52, entry: 24, phoff: 28, phentsize: 42, phnum: 44 },
  segment: { size: 32, flags: 24, offset: 4, vaddr: 8, filesz: 16, memsz: 20, align: 28 },
  dynamic: 8,
};

export const layout64: Layout = {
  word: 8,
  header: { size: 64, entry: 24, phoff: 32, phentsize: 54, phnum: 56 },
  segment: { size: 56, flags: 4, offset: 8, vaddr: 16, filesz: 32, memsz: 40, align: 48 },
  dynamic: 16,
};

/** e_ident: the bytes that come before the file's own layout is known. */
export const IDENT = { size: 16, class: 4, data: 5 } as const;
export const ELFCLASS32 = 1;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const ELFDATA2MSB = 2;
export const EV_CURRENT = 1;
/** Fields right after e_ident, at the same place in both classes. */
export const HEADER_TYPE = 16;
export const HEADER_MACHINE = 18;
export const HEADER_VERSION = 20;

/** p_flags */
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

/** d_tag */
export const DT_NULL = 0n;
export const DT_NEEDED = 1n;
export const DT_STRTAB = 5n;
export const DT_STRSZ = 10n;
