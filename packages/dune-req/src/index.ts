/**
 * Which isolation engines work on this host, proven by using them.
 *
 * @packageDocumentation
 */
export { checkHost, recordHost, type CheckHostOptions } from "./check-host.js";
export { DuneReqError, type DuneReqErrorCode } from "./errors.js";
export type {
  Answer,
  FileStat,
  HostIdentity,
  HostProbe,
  HostRecord,
  NativeCommand,
  NativeRun,
} from "./host.js";
export { liveProbe, type LiveOptions } from "./live.js";
export { recordedProbe } from "./record.js";
export {
  ENGINES,
  type CheckResult,
  type CheckStatus,
  type Engine,
  type EngineVerdict,
  type Fix,
  type GuestMeasurement,
  type HostReport,
  type Need,
  type Topic,
  type Verdict,
} from "./report.js";
