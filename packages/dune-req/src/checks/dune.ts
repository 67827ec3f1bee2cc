/** Our own kernel module: whether it is here, and what it would take to build and load it. */
import { advice, asRoot, command, exists, fail, isSupported, NOT_HERE, ok, readAll, readLine, skip, warn, type Check, type Host, type Outcome } from "./check.js";
import { findContainer } from "./container.js";

const onLinux = (look: (host: Host) => Outcome) => (host: Host): Outcome => (isSupported(host) ? look(host) : NOT_HERE);

const device: Check = {
  id: "dune.device",
  title: "/dev/dune",
  why: "The dune engine is reached through this device; our kernel module makes it.",
  engines: { dune: "needed" },
  run: onLinux((host) => {
    if (exists(host, "/dev/dune")) return ok("present");
    return fail("there is none");
  }),
};

const version: Check = {
  id: "dune.module",
  title: "Dune module",
  why: "Library and module speak one version of their interface.",
  engines: {},
  run: onLinux((host) => {
    const loaded = readLine(host, "/sys/module/dune/version");
    if (loaded !== undefined) return ok(`version ${loaded}`);
    return exists(host, "/sys/module/dune") ? warn("loaded, without a version") : skip("not loaded");
  }),
};

const engine: Check = {
  id: "dune.engine",
  title: "Dune engine",
  why: "An engine counts as usable only after a guest has run in it.",
  engines: { dune: "needed" },
  run: onLinux(() => fail("this release has no dune engine yet", advice("use the kvm or the process engine", "now"))),
};

const headers: Check = {
  id: "dune.headers",
  title: "Kernel headers",
  why: "The module is compiled on the host, against the headers of the very kernel that runs.",
  engines: {},
  run: onLinux((host) => {
    const { release } = host.identity;
    const build = `/lib/modules/${release}/build`;
    if (exists(host, `${build}/Makefile`)) return ok(build);
    if (findContainer(host) !== null) return warn(`none for ${release} in this container`);
    const text = "install the headers of the running kernel";
    if (host.find("apt-get") !== null) return warn(`none for ${release}`, command(text, asRoot(host, `apt-get install -y linux-headers-${release}`)));
    if (host.find("dnf") !== null) return warn(`none for ${release}`, command(text, asRoot(host, `dnf install -y kernel-devel-${release}`)));
    if (host.find("pacman") !== null) return warn(`none for ${release}`, command(text, asRoot(host, "pacman -S --noconfirm linux-headers")));
    return warn(`none for ${release}`, advice(text, "now"));
  }),
};

/** The compiler that /proc/version names: "gcc 12" or "clang 18". */
function kernelCompiler(host: Host): { readonly name: "gcc" | "clang"; readonly major: number } | null {
  const text = readAll(host, "/proc/version");
  const clang = /clang version (\d+)/.exec(text)?.[1];
  if (clang !== undefined) return { name: "clang", major: Number(clang) };
  // "(gcc (Debian 12.2.0-14) 12.2.0, GNU ld ...": the version follows the distribution's own in parentheses.
  const gcc = /gcc(?:-\d+)? (?:version |\([^)]*\)+ )(\d+)\./.exec(text)?.[1];
  return gcc === undefined ? null : { name: "gcc", major: Number(gcc) };
}

/** Major versions of the installed gcc, from the directories that it keeps its parts in. */
function installedGcc(host: Host): readonly number[] {
  const names = (path: string): readonly string[] => {
    const got = host.list(path);
    return "value" in got ? got.value : [];
  };
  return names("/usr/lib/gcc").flatMap((target) => names(`/usr/lib/gcc/${target}`)).map(Number).filter(Number.isInteger);
}

const compiler: Check = {
  id: "dune.compiler",
  title: "Compiler",
  why: "A kernel built with hardening plugins or newer options refuses modules from another compiler or another major version.",
  engines: {},
  run: onLinux((host) => {
    const wanted = kernelCompiler(host);
    if (wanted === null) return skip("/proc/version does not name the kernel's compiler");
    const name = `${wanted.name} ${wanted.major}`;
    const versioned = host.find(`${wanted.name}-${wanted.major}`) !== null;
    if (versioned || (wanted.name === "gcc" && host.find("gcc") !== null && installedGcc(host).includes(wanted.major))) return ok(name);
    if (wanted.name === "clang" && host.find("clang") !== null) return ok(`clang, version not compared with the kernel's ${wanted.major}`);
    const apt = host.find("apt-get") !== null;
    const fix = apt ? command("install the compiler", asRoot(host, `apt-get install -y ${wanted.name}-${wanted.major}`)) : advice(`install ${name}`, "now");
    return warn(`the kernel was built with ${name}, which is not installed`, fix);
  }),
};

/** The word in brackets: `none [integrity] confidentiality`. */
function lockdown(host: Host): string | undefined {
  return /\[(\w+)\]/.exec(readAll(host, "/sys/kernel/security/lockdown"))?.[1];
}

const SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

/** The variable's one byte follows four bytes of attributes (UEFI 8.2, Linux efivarfs). */
function secureBoot(host: Host): boolean {
  const got = host.read(SECURE_BOOT);
  return "value" in got && got.value.charCodeAt(4) === 1;
}

const signing: Check = {
  id: "dune.signing",
  title: "Module signing",
  why: "With enforced signatures, lockdown or Secure Boot the kernel loads only modules signed with a key that it knows.",
  engines: {},
  run: onLinux((host) => {
    const locked = lockdown(host);
    const reasons = [
      readLine(host, "/sys/module/module/parameters/sig_enforce") === "Y" ? "signatures are enforced" : undefined,
      locked !== undefined && locked !== "none" ? `lockdown is ${locked}` : undefined,
      secureBoot(host) ? "Secure Boot is on" : undefined,
    ].filter((reason) => reason !== undefined);
    if (reasons.length === 0) return ok("unsigned modules load");
    return warn(`${reasons.join(", ")}: the module must be signed`, advice("enrol a machine owner key (mokutil --import) and sign the module with it"));
  }),
};

const loading: Check = {
  id: "dune.loading",
  title: "Module loading",
  why: "A kernel without loadable modules, or with loading switched off until the next boot, cannot take ours.",
  engines: {},
  run: onLinux((host) => {
    if (!exists(host, "/proc/modules")) return warn("this kernel has no loadable modules");
    return readLine(host, "/proc/sys/kernel/modules_disabled") === "1" ? warn("switched off until the next boot") : ok("allowed");
  }),
};

export const duneChecks: readonly Check[] = [device, engine, version, loading, headers, compiler, signing];
