/** The layers of the process engine, each created for real by the native probe. */
import { fail, isSupported, NOT_HERE, ok, skip, warn, type Check, type Host, type Outcome } from "./check.js";
import { findContainer } from "./container.js";
import { kernelAtLeast } from "./host.js";
import { userNamespaceRefusal } from "./userns.js";

/** Runs `look` where the probe ran; a layer whose child was killed is a failure of that layer. */
const tried = (child: string, look: (host: Host) => Outcome) => (host: Host): Outcome => {
  if (!isSupported(host)) return NOT_HERE;
  const facts = host.native.process;
  if (facts.text("dune-probe") === undefined) return skip("the native probe did not run");
  const signal = facts.number(`signal.${child}`);
  return signal === undefined ? look(host) : fail(`trying it was answered with signal ${signal}`);
};

/** The first of `steps` that did not succeed: its errno's name, or "not reached". */
function firstFailure(host: Host, steps: readonly string[]): string | undefined {
  const step = steps.find((name) => host.native.process.step(name) !== 0);
  return step === undefined ? undefined : (host.native.process.failure(step) ?? "not reached");
}

const user: Check = {
  id: "process.user",
  title: "User namespace",
  why: "It makes the other namespaces available without root, and takes away every privilege over the host.",
  engines: { process: "wanted" },
  run: tried("namespaces", (host) => {
    const errno = firstFailure(host, ["user", "maps"]);
    return errno === undefined ? ok("created, ids mapped") : userNamespaceRefusal(host, errno);
  }),
};

/** A namespace that one unshare(2) makes. */
function namespace(name: string, title: string, why: string): Check {
  return {
    id: `process.${name}`,
    title,
    why,
    engines: { process: "wanted" },
    run: tried("namespaces", (host) => {
      const errno = firstFailure(host, [name]);
      if (errno === undefined) return ok("created");
      // One cause, one fix: the user namespace's check has both.
      return firstFailure(host, ["user", "maps"]) === undefined ? fail(`refused (${errno})`) : warn(`needs the user namespace (${errno})`);
    }),
  };
}

const root: Check = {
  id: "process.root",
  title: "Own root file system",
  why: "The program sees a tree made of nothing but what the policy names: a tmpfs, binds, and pivot_root(2).",
  engines: { process: "wanted" },
  run: tried("inside", (host) => {
    if (host.native.process.step("mount") !== 0) return skip("no mount namespace");
    const errno = firstFailure(host, ["tmpfs", "root"]);
    if (errno === undefined) return ok("tmpfs mounted and entered");
    // pivot_root(2): "The current root is on the rootfs (initial ramfs) mount".
    if (host.native.process.failure("root") === "EINVAL") return fail("pivot_root is impossible from an initial ramdisk (EINVAL)");
    return fail(`refused (${errno})`);
  }),
};

const proc: Check = {
  id: "process.proc",
  title: "Own /proc",
  why: "Programs need /proc, and the host's would show them other processes. A container that covers parts of /proc forbids a new one.",
  engines: { process: "wanted" },
  run: tried("inside", (host) => {
    if (host.native.process.step("tmpfs") !== 0) return skip("no file system of its own");
    const errno = firstFailure(host, ["proc"]);
    if (errno === undefined) return ok("mounted");
    return warn(`refused (${errno})${findContainer(host) === null ? "" : ": the container covers parts of its own"}`);
  }),
};

const overlay: Check = {
  id: "process.overlay",
  title: "Overlay for dry runs",
  why: "`--dry-run` shows a program's changes without making them; that takes an overlay mounted without root (Linux 5.11).",
  engines: {},
  run: tried("inside", (host) => {
    if (host.native.process.step("tmpfs") !== 0) return skip("no file system of its own");
    const errno = firstFailure(host, ["overlay"]);
    return errno === undefined ? ok("writes stay in the upper layer") : warn(`refused (${errno})`);
  }),
};

/** What each ABI of landlock(7) added that the sandbox uses. */
function landlockGaps(abi: number): string {
  if (abi < 2) return ", without moving files between directories (ABI 2)";
  if (abi < 3) return ", without guarding truncation (ABI 3)";
  if (abi < 4) return ", without TCP rules (ABI 4)";
  return abi < 6 ? ", without guarding signals and abstract sockets (ABI 6)" : "";
}

/** ABI 3 guards truncation: before it only read-only mounts keep a readable file from being emptied. */
const MIN_LANDLOCK_ABI = 3;

const landlock: Check = {
  id: "process.landlock",
  title: "Landlock",
  why: "It refuses files by path even to a program that got out of its namespaces, and needs no privileges.",
  engines: { process: "needed" },
  run: tried("landlock", (host) => {
    const errno = firstFailure(host, ["landlock", "landlock_restrict", "landlock_holds"]);
    if (errno !== undefined) return landlockRefusal(host, errno);
    const abi = host.native.process.number("landlock_abi") ?? 0;
    const seen = `ABI ${abi}${landlockGaps(abi)}`;
    const alone = host.native.process.step("root") !== 0;
    return alone && abi < MIN_LANDLOCK_ABI ? warn(seen, { text: "use Linux 6.2 or later", effect: "next boot" }) : ok(seen);
  }),
};

function landlockRefusal(host: Host, errno: string): Outcome {
  const { release } = host.identity;
  if (errno === "EPROTO") return fail("it was set up and refused nothing");
  if (errno === "EPERM" && findContainer(host) !== null) {
    return fail("refused by the container's seccomp filter (EPERM)", {
      text: "use Docker 23 or Podman 4.2 or later, or start the container with --security-opt seccomp=unconfined",
      effect: "now",
    });
  }
  if (errno === "ENOSYS" && !kernelAtLeast(release, 5, 13)) {
    return fail(`Linux ${release} has none`, { text: "use Linux 5.13 or later (6.7 or later also filters TCP ports)", effect: "next boot" });
  }
  if (errno === "ENOSYS") return fail("this kernel was built without it", { text: "use a kernel with CONFIG_SECURITY_LANDLOCK=y", effect: "next boot" });
  if (errno === "EOPNOTSUPP") {
    return fail("built in, and switched off at boot", { text: "add landlock to the lsm= list on the kernel's command line", effect: "next boot" });
  }
  return fail(`refused (${errno})`);
}

const seccomp: Check = {
  id: "process.seccomp",
  title: "Seccomp filter",
  why: "An allow list of system calls: what the sandbox does not know, the kernel never sees.",
  engines: { process: "needed" },
  run: tried("seccomp", (host) => {
    const errno = firstFailure(host, ["seccomp", "seccomp_holds"]);
    if (errno === undefined) return ok("installed, and it refuses");
    return fail(errno === "EPROTO" ? "it was installed and refused nothing" : `refused (${errno})`);
  }),
};

const notify: Check = {
  id: "process.notify",
  title: "Supervised system calls",
  why: "Denials are explained by a supervisor that the kernel asks about single calls (user notification, Linux 5.5).",
  engines: { process: "wanted" },
  run: tried("notify", (host) => {
    const errno = firstFailure(host, ["notify", "notify_refuses", "notify_continues"]);
    if (errno === undefined) return ok("answered, and continued");
    if (errno === "EBUSY") return warn("another supervisor already watches this process (EBUSY)");
    return warn(`refused (${errno}): denials will come without an explanation`);
  }),
};

export const processChecks: readonly Check[] = [
  landlock,
  seccomp,
  user,
  namespace("mount", "Mount namespace", "The program's mounts are its own: what it sees of the file system is what the policy names."),
  root,
  namespace("pid", "Pid namespace", "Other processes cannot be seen, signalled or traced, and all of the program's end with its first."),
  proc,
  namespace("net", "Network namespace", "No network at all, but for what the policy relays."),
  namespace("ipc", "IPC namespace", "System V shared memory and message queues of the host are out of reach."),
  namespace("uts", "UTS namespace", "The host's name is hidden and cannot be changed."),
  namespace("cgroup", "Cgroup namespace", "The host's cgroup paths are hidden."),
  notify,
  overlay,
];
