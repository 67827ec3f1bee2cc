/** Stable codes; match on these, not on messages. */
export type DuneReqErrorCode =
  /** A flag or its value is not one the command line knows. */
  | "ERR_REQ_USAGE"
  /** No check has the id given to `--explain`. */
  | "ERR_REQ_UNKNOWN_CHECK"
  /** `--fix` asks before each command and has nobody to ask. */
  | "ERR_REQ_NO_TERMINAL"
  /** A host record is not in the shape that this version reads. */
  | "ERR_REQ_BAD_RECORD";

/** Base of every error this package throws. */
export class DuneReqError extends Error {
  override readonly name = "DuneReqError";

  constructor(
    readonly code: DuneReqErrorCode,
    message: string,
    /** What to do about it, in one line. */
    readonly fix: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
