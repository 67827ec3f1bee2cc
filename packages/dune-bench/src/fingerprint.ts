import { readdirSync, readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";

/** What a figure depends on besides the code. A field is null where the host does not tell. */
export interface HostFingerprint {
  readonly platform: string;
  readonly arch: string;
  readonly kernel: string;
  readonly node: string;
  readonly cpu: string;
  /** Logical processors that are online. */
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** Microcode revision, as /proc/cpuinfo prints it. */
  readonly microcode: string | null;
  /** Sibling threads share a core. */
  readonly smt: boolean | null;
  /** Clock policy of the first processor; a virtual machine usually has none. */
  readonly governor: string | null;
  /** Clocks above the nominal one are allowed. */
  readonly boost: boolean | null;
  /** Transparent huge pages: `always`, `madvise` or `never`. */
  readonly hugePages: string | null;
  /** The CPU says that it is virtual (CPUID leaf 1, ECX bit 31). */
  readonly virtual: boolean | null;
  /** What the firmware says made the machine, such as the hypervisor's name. */
  readonly machine: string | null;
  /** The kernel's answer to each known CPU vulnerability. */
  readonly mitigations: Readonly<Record<string, string>>;
}

/** The files a fingerprint is taken from; undefined for one that is missing or unreadable. */
export interface FingerprintSource {
  read(path: string): string | undefined;
  list(path: string): readonly string[];
}

const liveSource: FingerprintSource = {
  read(path) {
    try {
      return readFileSync(path, "utf8").trim();
    } catch {
      return undefined;
    }
  },
  list(path) {
    try {
      return readdirSync(path).sort();
    } catch {
      return [];
    }
  },
};

const VULNERABILITIES = "/sys/devices/system/cpu/vulnerabilities";

/** Describes this host; takes about a millisecond, needs no privileges, never throws. */
export function fingerprint(source: FingerprintSource = liveSource): HostFingerprint {
  const cpuinfo = source.read("/proc/cpuinfo");
  const processors = cpus();
  return {
    platform: platform(),
    arch: arch(),
    kernel: release(),
    node: process.version,
    cpu: field(cpuinfo, "model name") ?? processors[0]?.model ?? "unknown",
    cpus: processors.length,
    memory: totalmem(),
    microcode: field(cpuinfo, "microcode") ?? null,
    smt: flag(source.read("/sys/devices/system/cpu/smt/active")),
    governor: source.read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") ?? null,
    boost: boost(source),
    hugePages: chosen(source.read("/sys/kernel/mm/transparent_hugepage/enabled")),
    virtual: virtual(cpuinfo),
    machine: machine(source),
    mitigations: Object.fromEntries(
      source.list(VULNERABILITIES).map((name) => [name, source.read(`${VULNERABILITIES}/${name}`) ?? "unreadable"]),
    ),
  };
}

/** The fields in which two hosts differ: figures are comparable only where there is none. */
export function fingerprintDifferences(a: HostFingerprint, b: HostFingerprint): (keyof HostFingerprint)[] {
  const keys = Object.keys(a) as (keyof HostFingerprint)[];
  return keys.filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
}

/** Value of the first `name : value` line of /proc/cpuinfo. */
function field(cpuinfo: string | undefined, name: string): string | undefined {
  const line = cpuinfo?.split("\n").find((text) => text.split(":")[0]?.trim() === name);
  return line?.slice(line.indexOf(":") + 1).trim();
}

function flag(text: string | undefined): boolean | null {
  return text === undefined ? null : text === "1";
}

/** intel_pstate asks the opposite question of the generic driver. */
function boost(source: FingerprintSource): boolean | null {
  const forbidden = flag(source.read("/sys/devices/system/cpu/intel_pstate/no_turbo"));
  return forbidden === null ? flag(source.read("/sys/devices/system/cpu/cpufreq/boost")) : !forbidden;
}

/** The kernel prints every choice and puts brackets round the one that holds. */
function chosen(text: string | undefined): string | null {
  return text === undefined ? null : (/\[(.+?)\]/.exec(text)?.[1] ?? null);
}

function virtual(cpuinfo: string | undefined): boolean | null {
  const flags = field(cpuinfo, "flags");
  return flags === undefined ? null : flags.split(" ").includes("hypervisor");
}

function machine(source: FingerprintSource): string | null {
  const parts = ["sys_vendor", "product_name"].map((name) => source.read(`/sys/class/dmi/id/${name}`) ?? "");
  return parts.filter((part) => part !== "").join(" ") || null;
}
