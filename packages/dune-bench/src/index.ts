/**
 * Interleaved, verified measurements with honest statistics.
 *
 * @packageDocumentation
 */
export { compare, summarize } from "./compare.js";
export type { CompareOptions, Comparison, ContestantResult } from "./compare.js";
export type { Contestant, FunctionContestant, ProcessContestant } from "./contestant.js";
export { BenchError } from "./errors.js";
export type { BenchErrorCode } from "./errors.js";
export { fingerprint, fingerprintDifferences } from "./fingerprint.js";
export type { FingerprintSource, HostFingerprint } from "./fingerprint.js";
export { duration, formatMarkdown, formatText } from "./report.js";
export { median, medianAbsoluteDeviation, medianInterval, percentile, randomSource, ratioInterval } from "./statistics.js";
export type { BootstrapOptions, Interval } from "./statistics.js";
