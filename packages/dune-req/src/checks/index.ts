/** All checks, in the order in which they are shown and in which reasons are given: causes before effects. */
import { cgroupChecks } from "./cgroup.js";
import type { Check } from "./check.js";
import { cpuChecks } from "./cpu.js";
import { duneChecks } from "./dune.js";
import { hostChecks } from "./host.js";
import { hypervisorChecks } from "./hypervisor.js";
import { kvmChecks } from "./kvm.js";
import { processChecks } from "./process.js";
import { usernsChecks } from "./userns.js";

export const ALL_CHECKS: readonly Check[] = [
  ...hostChecks,
  ...hypervisorChecks,
  ...cpuChecks,
  ...kvmChecks,
  ...duneChecks,
  ...processChecks,
  ...usernsChecks,
  ...cgroupChecks,
];
