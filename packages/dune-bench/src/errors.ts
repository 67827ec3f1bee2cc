/** Every `code` an error of this package can carry. Match on these, never on the message. */
export type BenchErrorCode =
  /** A number of rounds, a level or a list of samples that cannot be worked with. */
  | "ERR_BENCH_ARGUMENT"
  /** A run could not be started, ended otherwise than expected, or gave another answer. */
  | "ERR_BENCH_WRONG_RESULT";

/** Base class of everything this package throws on purpose. */
export class BenchError extends Error {
  override readonly name: string = "BenchError";

  constructor(readonly code: BenchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
