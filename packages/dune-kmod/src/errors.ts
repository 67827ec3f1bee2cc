/** Every `code` an error of this package can carry. Match on these, never on the message. */
export type KmodErrorCode =
  /** A kernel module for Linux was asked about on something else. */
  | "ERR_KMOD_UNSUPPORTED"
  /** The command line was not understood. */
  | "ERR_KMOD_USAGE";

/** Base class of everything this package throws on purpose. */
export class KmodError extends Error {
  override readonly name: string = "KmodError";

  /** @param fix the one command, or the one change, that fixes it; undefined where nothing does */
  constructor(readonly code: KmodErrorCode, message: string, readonly fix?: string) {
    super(message);
  }
}
