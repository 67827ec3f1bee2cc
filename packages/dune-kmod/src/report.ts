import type { ModuleStatus } from "./status.js";

/** A status for people: one fact on each line, then what follows from it. */
export function formatStatus(status: ModuleStatus): string {
  const facts: [string, string][] = [
    ["dune.ko", module(status)],
    ["device", device(status)],
    ["kernel", status.kernel.release],
    ["headers", status.kernel.headers ?? "not installed for this kernel"],
    ["module loading", status.kernel.loading ? "possible" : "not possible in this kernel"],
    ["lockdown", status.kernel.lockdown ?? "unknown"],
    ["signatures", signatures(status)],
    ["taint", taint(status)],
    ["KVM", status.kvm.length === 0 ? "not in this kernel" : status.kvm.join(", ")],
  ];
  const lines = facts.map(([name, value]) => `${name.padEnd(14)}  ${value}`);
  return [...lines, "", "This version reports only: building and loading dune.ko come with a later one."].join("\n");
}

function module({ module: { loaded, state, version } }: ModuleStatus): string {
  if (!loaded) return "not loaded";
  return ["loaded", version === null ? "" : `version ${version}`, state === null || state === "live" ? "" : `(${state})`]
    .filter((part) => part !== "")
    .join(" ");
}

function device({ device: { path, access, mode } }: ModuleStatus): string {
  return access === "missing" ? `${path} is missing` : `${path} is ${access}${mode === null ? "" : `, mode ${mode}`}`;
}

function signatures({ kernel: { signatures: enforced, lockdown } }: ModuleStatus): string {
  if (enforced === true || (lockdown !== null && lockdown !== "none")) return "required";
  return enforced === null ? "unknown" : "not required";
}

function taint({ kernel: { taints } }: ModuleStatus): string {
  if (taints === null) return "unknown";
  return taints.length === 0 ? "none" : taints.map(({ letter, reason }) => `${letter} (${reason})`).join(", ");
}
