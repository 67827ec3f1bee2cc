/** The platform itself: operating system, architecture, kernel, Node, our own probe. */
import { describeContainer } from "./container.js";
import { advice, command, fail, isSupported, NOT_HERE, ok, readAll, skip, warn, type Check } from "./check.js";

const EVERY_ENGINE = { dune: "needed", kvm: "needed", process: "needed" } as const;

const PLATFORM_NAMES: Readonly<Record<string, string>> = { linux: "Linux", darwin: "macOS", win32: "Windows", freebsd: "FreeBSD" };

/** Major and minor of a kernel release such as 6.8.0-45-generic. */
export function kernelVersion(release: string): readonly [number, number] | null {
  const match = /^(\d+)\.(\d+)/.exec(release);
  return match === null ? null : [Number(match[1]), Number(match[2])];
}

/** Whether `release` is `major.minor` or newer; false for a release that cannot be read. */
export function kernelAtLeast(release: string, major: number, minor: number): boolean {
  const version = kernelVersion(release);
  return version !== null && (version[0] > major || (version[0] === major && version[1] >= minor));
}

const platform: Check = {
  id: "host.platform",
  title: "Linux",
  why: "Every engine rests on the Linux kernel: KVM, our module, or namespaces with Landlock and seccomp.",
  engines: EVERY_ENGINE,
  run({ identity }) {
    const name = PLATFORM_NAMES[identity.platform] ?? identity.platform;
    if (identity.platform === "linux") return ok(name);
    const where = identity.platform === "win32" ? "in WSL2, or on a Linux machine" : "in a Linux virtual machine, or on a Linux machine";
    return fail(`${name} is not supported`, advice(`run it ${where} with an x86-64 processor`, "now"));
  },
};

const arch: Check = {
  id: "host.arch",
  title: "x86-64",
  why: "The guest code, the system-call tables and the page-table layout are x86-64's.",
  engines: EVERY_ENGINE,
  run({ identity }) {
    if (identity.arch === "x64") return ok("x86-64");
    return fail(`${identity.arch} is not supported`, advice("run it on an x86-64 machine, with a 64-bit Node", "now"));
  },
};

const kernel: Check = {
  id: "host.kernel",
  title: "Kernel version",
  why: "Landlock came with Linux 5.13 and is the part of the sandbox that guards files; KVM's register sharing is older.",
  engines: { process: "needed" },
  run(host) {
    const { platform: name, release } = host.identity;
    if (name !== "linux") return NOT_HERE;
    if (!kernelAtLeast(release, 5, 13)) {
      return fail(`Linux ${release} is older than 5.13`, advice("install a kernel of 5.13 or later (6.7 or later also filters TCP ports)"));
    }
    return ok(`Linux ${release}`);
  },
};

const node: Check = {
  id: "host.node",
  title: "Node.js",
  why: "The packages are built for Node 20 and later.",
  engines: EVERY_ENGINE,
  run({ identity }) {
    const major = Number(identity.node.split(".")[0]);
    const seen = `Node ${identity.node}`;
    return major >= 20 ? ok(seen) : fail(`${seen} is older than 20`, advice("install Node 20 or later: https://nodejs.org/en/download", "now"));
  },
};

const libc: Check = {
  id: "host.libc",
  title: "C library",
  why: "The native libraries are built to run beside glibc and beside musl; anything else is untried.",
  engines: {},
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    return host.identity.libc === "other" ? warn("neither glibc nor musl was recognised in this process") : ok(host.identity.libc);
  },
};

const probe: Check = {
  id: "host.probe",
  title: "Native probe",
  why: "Whether an engine works is found out by using it, and that takes a small native program that ships with this package.",
  engines: EVERY_ENGINE,
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    const { trouble } = host.native.cpu;
    if (trouble === null) return ok("runs");
    if (trouble.includes("not built")) {
      return fail(trouble, command("build it from the sources (needs make and musl-gcc)", "pnpm --filter @dune/req run build:native"));
    }
    if (trouble.includes("EACCES")) {
      return fail(trouble, advice("make its folder executable: it may lie on a file system mounted noexec", "now"));
    }
    return fail(trouble, command("install the package again", "npm install @dune/req"));
  },
};

const wsl: Check = {
  id: "host.wsl",
  title: "Windows Subsystem for Linux",
  why: "WSL1 imitates system calls and has neither KVM nor Landlock. WSL2 is a real kernel in a virtual machine.",
  engines: { dune: "needed", kvm: "needed", process: "needed" },
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    const version = readAll(host, "/proc/version");
    if (/microsoft-standard|WSL2/i.test(version)) return ok("WSL2");
    if (!/microsoft/i.test(version)) return ok("not WSL");
    const name = host.env("WSL_DISTRO_NAME") ?? "<distribution>";
    return fail("WSL1", command("convert the distribution to WSL2, from Windows", `wsl.exe --set-version ${name} 2`));
  },
};

const container: Check = {
  id: "host.container",
  title: "Container",
  why: "A container shares the host's kernel but usually withholds devices, namespaces and some system calls.",
  engines: {},
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    return ok(describeContainer(host));
  },
};

const seccompMode: Check = {
  id: "host.confinement",
  title: "Confinement of this process",
  why: "A seccomp filter or no_new_privs put on this process from outside also limits whatever it starts.",
  engines: {},
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    const status = readAll(host, "/proc/self/status");
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1];
    const mode = field("Seccomp");
    if (mode === undefined) return skip("/proc/self/status does not say");
    const parts = [
      mode === "2" ? "a seccomp filter is on" : "no seccomp filter",
      field("NoNewPrivs") === "1" ? "no_new_privs is set" : undefined,
      host.identity.uid === 0 ? "root" : `uid ${host.identity.uid}`,
    ];
    return ok(parts.filter((part) => part !== undefined).join(", "));
  },
};

export const hostChecks: readonly Check[] = [platform, arch, node, kernel, wsl, probe, libc, container, seccompMode];
