/** Every `code` an error of this package can carry. Match on these, never on the message. */
export type DuneErrorCode =
  | "ERR_DUNE_UNSUPPORTED"
  | "ERR_DUNE_ELF_UNREADABLE"
  | "ERR_DUNE_ELF_NOT_ELF"
  | "ERR_DUNE_ELF_TRUNCATED"
  | "ERR_DUNE_ELF_INVALID"
  | "ERR_DUNE_MAPS_UNREADABLE"
  | "ERR_DUNE_MAPS_INVALID";

/** What an error says besides its code. */
export interface DuneErrorDetails {
  /** What happened, without a full stop. */
  readonly what: string;
  /** Why it happened. */
  readonly why: string;
  /** The one command, or the one change, that fixes it; absent where nothing does. */
  readonly fix?: string | undefined;
  readonly cause?: unknown;
}

/** Base class of everything this package throws on purpose. */
export class DuneError extends Error {
  override readonly name: string = "DuneError";
  readonly code: DuneErrorCode;
  /** Why it happened: the message without its first half. */
  readonly why: string;
  /** The one command, or the one change, that fixes it; undefined where nothing does. */
  readonly fix: string | undefined;

  constructor(code: DuneErrorCode, details: DuneErrorDetails) {
    const { what, why, fix, cause } = details;
    super(`${what}: ${why}${fix === undefined ? "" : ` (fix: ${fix})`}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.why = why;
    this.fix = fix;
  }
}
