/** All checks, in the order in which they are shown and in which reasons are given. */
import type { Check } from "./check.js";
import { hostChecks } from "./host.js";

export const ALL_CHECKS: readonly Check[] = [...hostChecks];
