import type { HostReport } from "@dune/req";
import { DuneError } from "./errors.js";
import type { DuneErrorDetails } from "./errors.js";

/** No engine on this host can run a Dune. `code` is `ERR_DUNE_UNSUPPORTED`. */
export class DuneUnsupportedError extends DuneError {
  override readonly name = "DuneUnsupportedError";
  /** What `@dune/req` found on this host: every check, and a verdict for each engine. */
  readonly report: HostReport;

  constructor(details: DuneErrorDetails, report: HostReport) {
    super("ERR_DUNE_UNSUPPORTED", details);
    this.report = report;
  }
}
