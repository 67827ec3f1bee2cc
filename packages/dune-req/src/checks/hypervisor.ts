/** The hypervisor below this machine, if it is a virtual one. */
import { isSupported, NOT_HERE, ok, readAll, readLine, type Check, type Host } from "./check.js";

/** Signatures in CPUID leaf 0x40000000. */
const SIGNATURES: Readonly<Record<string, string>> = {
  "KVMKVMKVM": "KVM",
  "Microsoft Hv": "Hyper-V",
  "VMwareVMware": "VMware",
  "XenVMMXenVMM": "Xen",
  "VBoxVBoxVBox": "VirtualBox",
  "TCGTCGTCGTCG": "QEMU without acceleration",
  "bhyve bhyve ": "bhyve",
  "ACRNACRNACRN": "ACRN",
  " lrpepyh  vr": "Parallels",
};

/** Whether this machine is a virtual one, as the processor has it. */
export function isHypervised(host: Host): boolean {
  const said = host.native.cpu.number("hypervisor");
  return said === undefined ? /^flags\s*:.*\bhypervisor\b/m.test(readAll(host, "/proc/cpuinfo")) : said === 1;
}

/** Its name; null on bare metal. */
export function hypervisorName(host: Host): string | null {
  if (!isHypervised(host)) return null;
  const signature = host.native.cpu.text("hypervisor_name");
  const product = readLine(host, "/sys/class/dmi/id/product_name");
  const name = (signature === undefined ? undefined : SIGNATURES[signature]) ?? "an unknown hypervisor";
  return product === undefined ? name : `${name} (${product})`;
}

const hypervisor: Check = {
  id: "host.hypervisor",
  title: "Machine",
  why: "In a virtual machine KVM is nested: it works where the hypervisor below passes VT-x or AMD-V on, and each exit costs more.",
  engines: {},
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    const name = hypervisorName(host);
    return ok(name === null ? "bare metal" : `virtual, on ${name}`);
  },
};

export const hypervisorChecks: readonly Check[] = [hypervisor];
