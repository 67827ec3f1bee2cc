/** What the processor has for virtualization, from /proc/cpuinfo and from CPUID itself. */
import { advice, fail, isSupported, NOT_HERE, ok, readAll, skip, warn, type Check, type Host, type Outcome } from "./check.js";
import type { Fix } from "../report.js";
import { isHypervised } from "./hypervisor.js";

type Vendor = "intel" | "amd" | "other";

/** A `key : value` line of the first processor in /proc/cpuinfo. */
export function cpuinfo(host: Host, key: string): string | undefined {
  return new RegExp(`^${key}\\s*:\\s*(.*)$`, "m").exec(readAll(host, "/proc/cpuinfo"))?.[1];
}

/** All feature names, those of VMX included (a line of their own since Linux 5.7). */
function flags(host: Host): ReadonlySet<string> {
  const words = `${cpuinfo(host, "flags") ?? ""} ${cpuinfo(host, "vmx flags") ?? ""}`;
  return new Set(words.split(/\s+/));
}

/** Whose virtualization the processor speaks. */
export function vendorOf(host: Host): Vendor {
  const vendor = cpuinfo(host, "vendor_id") ?? host.native.cpu.text("vendor") ?? "";
  if (vendor === "GenuineIntel" || vendor === "CentaurHauls" || vendor === "  Shanghai  ") return "intel";
  return vendor === "AuthenticAMD" || vendor === "HygonGenuine" ? "amd" : "other";
}

const TECHNOLOGY: Readonly<Record<Vendor, string>> = { intel: "VT-x", amd: "AMD-V", other: "VT-x or AMD-V" };
const FLAG: Readonly<Record<Vendor, string>> = { intel: "vmx", amd: "svm", other: "vmx" };

/**
 * Whether this machine has virtualization. `locked`: the processor says so and the kernel
 * does not, which it does where the firmware switched it off.
 */
export function virtualizationOf(host: Host): "available" | "locked" | "absent" {
  const flag = FLAG[vendorOf(host)];
  if (flags(host).has(flag)) return "available";
  return host.native.cpu.number(flag) === 1 ? "locked" : "absent";
}

/** What to do where it is locked or absent. */
export function virtualizationFix(host: Host): Fix {
  const technology = TECHNOLOGY[vendorOf(host)];
  if (virtualizationOf(host) === "locked") {
    return advice(`switch on ${technology} (often "SVM Mode" or "Virtualization Technology") in the firmware's set-up`);
  }
  return isHypervised(host)
    ? advice("switch nested virtualization on in the hypervisor below, or use a machine type that has it")
    : advice(`use a machine with ${technology}`, "now");
}

/** A check about the processor: `look` is asked only where there is one of ours. */
const onCpu = (look: (host: Host) => Outcome) => (host: Host): Outcome => (isSupported(host) ? look(host) : NOT_HERE);

/** A check about virtualization: `look` is asked only where the processor has it. */
const onVirtualCpu = (look: (host: Host) => Outcome) =>
  onCpu((host) => (virtualizationOf(host) === "available" ? look(host) : skip(`no ${TECHNOLOGY[vendorOf(host)]}`)));

const vendor: Check = {
  id: "cpu.vendor",
  title: "Processor",
  why: "Virtualization is VT-x on Intel and AMD-V (SVM) on AMD; the engines speak both and nothing else.",
  engines: {},
  run: onCpu((host) => {
    const name = cpuinfo(host, "model name") ?? "a processor that /proc/cpuinfo does not name";
    return vendorOf(host) === "other" ? warn(`${name}, neither Intel nor AMD`) : ok(name);
  }),
};

const virtualization: Check = {
  id: "cpu.virtualization",
  title: "Hardware virtualization",
  why: "Ring 0 for a process needs VT-x or AMD-V. A flag alone proves nothing, in either direction: the guest that runs does.",
  engines: { dune: "needed" },
  run: onCpu((host) => {
    const technology = TECHNOLOGY[vendorOf(host)];
    const state = virtualizationOf(host);
    if (state === "available") return ok(technology);
    if (state === "locked") return fail(`${technology} is present but switched off by the firmware`, virtualizationFix(host));
    return fail(
      isHypervised(host) ? "not passed on by the hypervisor that this machine runs on" : "this processor has neither VT-x nor AMD-V",
      virtualizationFix(host),
    );
  }),
};

const IA32_FEATURE_CONTROL_LOCK = 1;
const IA32_FEATURE_CONTROL_VMX = 4;
const VM_CR_SVMDIS = 16;

/** What the registers themselves say; undefined where the registers cannot be read. */
function lockedOff(host: Host): boolean | undefined {
  const control = host.native.cpu.number("feature_control");
  if (control !== undefined) return (control & IA32_FEATURE_CONTROL_LOCK) !== 0 && (control & IA32_FEATURE_CONTROL_VMX) === 0;
  const vmCr = host.native.cpu.number("vm_cr");
  return vmCr === undefined ? undefined : (vmCr & VM_CR_SVMDIS) !== 0;
}

const firmware: Check = {
  id: "cpu.firmware",
  title: "Firmware lock",
  why: "Firmware can lock VT-x or AMD-V off until the next boot. Linux then hides the flag, and KVM refuses to load.",
  engines: {},
  run: onCpu((host) => {
    const technology = TECHNOLOGY[vendorOf(host)];
    const state = virtualizationOf(host);
    if (state === "locked" || lockedOff(host) === true) return fail(`${technology} is locked off`, virtualizationFix(host));
    if (state === "absent") return skip(`no ${technology} to lock`);
    return ok("not locked");
  }),
};

const paging: Check = {
  id: "cpu.paging",
  title: "Nested paging",
  why: "Without EPT (Intel) or NPT (AMD) the kernel keeps shadow page tables, and every page-table change of a guest is an exit.",
  engines: { dune: "needed", kvm: "wanted" },
  run: onVirtualCpu((host) => {
    const has = flags(host);
    if (vendorOf(host) === "amd") return has.has("npt") ? ok("NPT") : warn("no NPT");
    if (!has.has("ept")) return warn("no EPT");
    return ok(["EPT", has.has("ept_1gb") ? "1 GiB pages" : undefined, has.has("ept_ad") ? "accessed and dirty bits" : undefined]
      .filter((part) => part !== undefined).join(", "));
  }),
};

/** What the vendor's virtualization may have besides, in /proc/cpuinfo's words. */
const EXTRAS: Readonly<Record<"intel" | "amd", Readonly<Record<string, string>>>> = {
  intel: { vpid: "VPID", unrestricted_guest: "unrestricted guest", vnmi: "virtual NMI" },
  amd: { nrip_save: "nRIP save", vgif: "virtual GIF", flushbyasid: "flush by ASID", decodeassists: "decode assists" },
};

const extras: Check = {
  id: "cpu.extras",
  title: "Virtualization features",
  why: "VPID and flush-by-ASID keep the TLB over an exit, unrestricted guest and nRIP save spare the kernel emulation.",
  engines: {},
  run: onVirtualCpu((host) => {
    const kind = vendorOf(host);
    if (kind === "other") return skip("unknown vendor");
    const has = flags(host);
    const names = Object.entries(EXTRAS[kind]);
    const missing = names.filter(([flag]) => !has.has(flag)).map(([, name]) => name);
    return missing.length === 0 ? ok(names.map(([, name]) => name).join(", ")) : warn(`missing: ${missing.join(", ")}`);
  }),
};

const MIN_PHYSICAL_BITS = 36;

const address: Check = {
  id: "cpu.address",
  title: "Physical addresses",
  why: "A guest's memory is mapped in chunks of 1 GiB of guest-physical space; few physical address bits mean few chunks.",
  engines: {},
  run: onCpu((host) => {
    const sizes = cpuinfo(host, "address sizes");
    const bits = Number(/^(\d+) bits physical/.exec(sizes ?? "")?.[1] ?? host.native.cpu.number("physical_bits") ?? 0);
    if (bits === 0) return skip("/proc/cpuinfo does not say");
    const chunks = `${bits} bits, ${2 ** (bits - 30)} chunks of 1 GiB`;
    return bits < MIN_PHYSICAL_BITS ? warn(chunks) : ok(chunks);
  }),
};

export const cpuChecks: readonly Check[] = [vendor, virtualization, firmware, paging, extras, address];
