/** /dev/kvm, from the device node to what a guest in it can do. */
import { advice, asRoot, command, exists, fail, isSupported, NOT_HERE, ok, skip, warn, type Check, type Host, type Outcome } from "./check.js";
import type { Fix } from "../report.js";
import { findContainer, describeContainer } from "./container.js";
import { vendorOf, virtualizationFix, virtualizationOf } from "./cpu.js";
import { explainRefusal } from "./device-node.js";

/** A processor runs one instruction in well under a nanosecond; software that imitates it needs hundreds. */
export const INTERPRETER_NS = 50;
/** A nested exit goes through two hypervisors; an exit on bare metal takes one to two microseconds. */
const SLOW_EXIT_NS = 20_000;

const KVM = "/dev/kvm";

/** Runs `look` where the guest's step `after` succeeded; else the check was not reached. */
const reached = (after: string, look: (host: Host) => Outcome) => (host: Host): Outcome => {
  if (!isSupported(host)) return NOT_HERE;
  return host.native.kvm.step(after) === 0 ? look(host) : skip("not reached");
};

const hasModule = (host: Host, name: string): boolean => exists(host, `/sys/module/${name}`);

const module: Check = {
  id: "kvm.module",
  title: "KVM module",
  why: "kvm_intel or kvm_amd makes /dev/kvm work with the hardware. Built into the kernel it shows here as well.",
  engines: {},
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    const wanted = moduleName(host);
    if (hasModule(host, wanted)) return ok(wanted);
    const other = hasModule(host, "kvm_pvm") ? "kvm_pvm" : hasModule(host, "kvm") ? "kvm" : undefined;
    if (other !== undefined) return warn(`${other} without ${wanted}: there is no hardware virtualization behind it`);
    if (findContainer(host) !== null) return skip("the container's host decides");
    if (virtualizationOf(host) !== "available") return skip("nothing for it to drive");
    return warn(`${wanted} is not loaded`, loadModule(host));
  },
};

const device: Check = {
  id: "kvm.device",
  title: "/dev/kvm",
  why: "The kvm engine and its guest are created through this device.",
  engines: { kvm: "needed" },
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    if (exists(host, KVM)) return ok("present");
    const container = findContainer(host);
    if (container === "docker" || container === "podman") {
      return fail(`not passed into ${describeContainer(host)}`, advice(`start the container with --device ${KVM}`, "now"));
    }
    if (container !== null) return fail(`not passed into ${describeContainer(host)}`, advice(`give the container ${KVM}`, "now"));
    return fail("there is none", virtualizationOf(host) === "available" ? loadModule(host) : virtualizationFix(host));
  },
};

const moduleName = (host: Host): string => (vendorOf(host) === "amd" ? "kvm_amd" : "kvm_intel");

const loadModule = (host: Host): Fix => command("load the module", asRoot(host, `modprobe ${moduleName(host)}`));

const access: Check = {
  id: "kvm.access",
  title: "Access to /dev/kvm",
  why: "The device belongs to root and the group kvm on most distributions; a process needs to read and write it.",
  engines: { kvm: "needed" },
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    if (!exists(host, KVM)) return skip("no device");
    const errno = host.native.kvm.failure("open");
    if (errno === undefined) return host.native.kvm.step("open") === 0 ? ok("opened for reading and writing") : skip("not tried");
    if (errno !== "EACCES" && errno !== "EPERM") return openFailure(host, errno);
    const refusal = explainRefusal(host, KVM, errno);
    // Permission alone would not help; a KVM made of software would be the next disappointment.
    return virtualizationOf(host) === "absent" ? fail(`${refusal.seen}; no hardware behind it`, virtualizationFix(host)) : refusal;
  },
};

function openFailure(host: Host, errno: string): Outcome {
  if (errno === "ENXIO" || errno === "ENODEV" || errno === "ENOENT") {
    return fail(
      `the node is there and no driver behind it (${errno})`,
      virtualizationOf(host) === "available" ? loadModule(host) : virtualizationFix(host),
    );
  }
  return fail(`open failed with ${errno}`);
}

/** Creation steps, in order, with what a person calls them. */
const CREATION: readonly (readonly [string, string])[] = [
  ["api", "the interface version"], ["cpuid", "the supported CPUID"], ["vm", "a virtual machine"], ["memory", "its memory"],
  ["vcpu", "a virtual processor"], ["run_page", "the shared run page"], ["set_cpuid", "the CPUID"], ["long_mode", "long mode"],
];

/** The hypervisors that take VT-x or AMD-V for themselves, by their kernel modules. */
const RIVALS: readonly (readonly [string, string])[] = [["vboxdrv", "VirtualBox"], ["vmmon", "VMware"], ["xen_privcmd", "Xen"]];

const machine: Check = {
  id: "kvm.machine",
  title: "Virtual machine",
  why: "A device that opens can still refuse to make a machine: another hypervisor holds the processor, or a policy forbids it.",
  engines: { kvm: "needed" },
  run: reached("open", (host) => {
    const { kvm } = host.native;
    const broken = CREATION.find(([step]) => kvm.step(step) !== 0);
    if (broken === undefined) return ok("created, with one processor");
    const [step, name] = broken;
    const errno = kvm.failure(step);
    if (errno === undefined) return fail(`${name}: ${kvm.trouble ?? "not reached"}`);
    if (errno !== "EBUSY") return fail(`${name} failed with ${errno}`);
    const rival = RIVALS.find(([driver]) => hasModule(host, driver));
    const who = rival === undefined ? "another hypervisor" : rival[1];
    const fix = rival === undefined
      ? advice("stop the other hypervisor's machines", "now")
      : command(`stop ${who}'s machines, then unload its driver`, asRoot(host, `modprobe -r ${rival[0]}`));
    return fail(`${who} holds the processor's virtualization (EBUSY)`, fix);
  }),
};

const speed: Check = {
  id: "kvm.speed",
  title: "Guest speed",
  why: `Some kernels offer a /dev/kvm that imitates each guest instruction in software. It passes every other test and is useless: over ${INTERPRETER_NS} ns an instruction counts as that.`,
  engines: { kvm: "needed" },
  run: reached("long_mode", (host) => {
    const ps = host.native.kvm.number("instruction_ps");
    if (ps === undefined) return fail(host.native.kvm.trouble ?? "the guest could not be timed");
    const ns = ps / 1000;
    const seen = `${ns < 10 ? ns.toFixed(2) : Math.round(ns)} ns an instruction`;
    if (ns <= INTERPRETER_NS) return ok(seen);
    return fail(`${seen}: this KVM interprets`, advice("use a machine with VT-x or AMD-V (bare metal, or nested virtualization switched on)", "now"));
  }),
};

const guest: Check = {
  id: "kvm.guest",
  title: "Guest",
  why: "A real guest ran: long mode, its own page tables, ring 0 to ring 3, a system call back, a refused read, a port exit with the right answer.",
  engines: { kvm: "needed" },
  run: reached("long_mode", (host) => {
    const { kvm } = host.native;
    if (kvm.trouble !== null) return fail(kvm.trouble);
    const wrong = GUEST_STEPS.find(([step]) => kvm.step(step) !== 0);
    if (wrong === undefined) return ok("ring 0, ring 3, system call and page fault verified");
    return fail(`${wrong[1]}${describeExit(host)}`);
  }),
};

const GUEST_STEPS: readonly (readonly [string, string])[] = [
  ["start", "it could not be started"],
  ["answer", "a system call from ring 3 did not arrive in ring 0"],
  ["answer_right", "it answered, and wrongly"],
  ["fault", "a refused read did not fault"],
  ["fault_right", "the page fault says something else than what happened"],
];

/** KVM_EXIT_* that a guest may end with by mistake. */
const EXITS: Readonly<Record<number, string>> = { 2: "port", 5: "halt", 6: "memory", 8: "shutdown", 9: "entry refused", 17: "internal error" };

function describeExit(host: Host): string {
  const reason = host.native.kvm.number("exit_reason");
  return reason === undefined ? "" : ` (exit: ${EXITS[reason] ?? reason})`;
}

const exits: Check = {
  id: "kvm.exit",
  title: "Exit cost",
  why: "Each forwarded system call is an exit to user space and back. Nested or imitated virtualization makes it many times dearer.",
  engines: { kvm: "wanted" },
  run: reached("exits", (host) => {
    const ps = host.native.kvm.number("exit_ps");
    if (ps === undefined) return skip("not measured");
    const seen = `${(ps / 1e6).toFixed(1)} µs`;
    return ps / 1000 > SLOW_EXIT_NS ? warn(`${seen}: system calls will be slow`) : ok(seen);
  }),
};

const FEATURES: readonly (readonly [string, string])[] = [
  ["cap.sync_regs", "shared registers"], ["cap.immediate_exit", "immediate exit"], ["cap.readonly_memory", "read-only memory"],
  ["guest.nx", "no-execute"],
];

const features: Check = {
  id: "kvm.features",
  title: "KVM features",
  why: "Registers are shared with KVM through one page, signals use the immediate exit, code pages are read-only, data pages not executable.",
  engines: { kvm: "wanted" },
  run: reached("vm", (host) => {
    const { kvm } = host.native;
    const missing = FEATURES.filter(([key]) => (kvm.number(key) ?? 0) <= 0).map(([, name]) => name);
    return missing.length === 0 ? ok(FEATURES.map(([, name]) => name).join(", ")) : warn(`missing: ${missing.join(", ")}`);
  }),
};

const xsave: Check = {
  id: "kvm.xsave",
  title: "XSAVE in the guest",
  why: "Programs use AVX wherever the processor has it. Without XSAVE a guest has SSE only, and code compiled for this processor fails.",
  engines: { kvm: "wanted" },
  run: reached("vm", ({ native: { kvm } }) =>
    kvm.number("guest.xsave") === 1 && (kvm.number("cap.xsave") ?? 0) > 0 ? ok("available") : warn("not available")),
};

const pages: Check = {
  id: "kvm.pages",
  title: "1 GiB pages in the guest",
  why: "A chunk of 1 GiB is one page-table entry with them, and 512 entries of 2 MiB without: slower, and more memory.",
  engines: { kvm: "wanted" },
  run: reached("vm", ({ native: { kvm } }) => (kvm.number("guest.gigabyte_pages") === 1 ? ok("available") : warn("2 MiB only"))),
};

const MIN_MEMSLOTS = 509;

const memslots: Check = {
  id: "kvm.memslots",
  title: "Memory slots",
  why: "Each chunk of the process takes one slot. Programs that reserve memory at random addresses take hundreds.",
  engines: { kvm: "wanted" },
  run: reached("api", ({ native: { kvm } }) => {
    const count = kvm.number("cap.memslots") ?? 0;
    return count >= MIN_MEMSLOTS ? ok(String(count)) : warn(`only ${count}`);
  }),
};

export const kvmChecks: readonly Check[] = [module, device, access, machine, speed, guest, exits, features, xsave, pages, memslots];
