/** What explanations are made from, and what they consist of. */

import type { Denial } from "./denial.js";
import type { HostView } from "./host-view.js";
import type { Policy } from "./policy/policy.js";
import { quote } from "./quote.js";

/** What an explanation is derived from. */
export interface ExplainContext {
  readonly policy: Policy;
  readonly host: HostView;
  /** Directories that are the sandbox's own: /tmp, HOME, /dev/shm. */
  readonly privateDirectories: readonly string[];
}

/** The part of a `Denial` that is derived; the rest is taken over from the report. */
export type Explanation = Pick<Denial, "kind" | "path" | "address" | "rule" | "allow" | "input">;

/** A flag with its value, ready for a shell; undefined if the value is not UTF-8 and cannot be written exactly. */
export function flagFor(flag: string, value: string): string | undefined {
  return value.includes("\ufffd") ? undefined : `${flag} ${quote(value)}`;
}
