/** Who refuses unprivileged user namespaces on this host, and the knobs that decide it. */
import { advice, asRoot, command, fail, isSupported, NOT_HERE, ok, readAll, readLine, warn, type Check, type Host, type Outcome } from "./check.js";
import { describeContainer, findContainer } from "./container.js";

const APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
const DEBIAN = "/proc/sys/kernel/unprivileged_userns_clone";
const MAXIMUM = "/proc/sys/user/max_user_namespaces";

const hasFilter = (host: Host): boolean => /^Seccomp:\s*2/m.test(readAll(host, "/proc/self/status"));

const sysctl = (host: Host, text: string, setting: string) => command(text, asRoot(host, `sysctl -w ${setting}`));

/** Why unshare(CLONE_NEWUSER) or writing the maps failed with `errno`. The knobs come first: they are certain. */
export function userNamespaceRefusal(host: Host, errno: string): Outcome {
  if (readLine(host, MAXIMUM) === "0") {
    return warn("refused by sysctl user.max_user_namespaces=0", sysctl(host, "allow user namespaces", "user.max_user_namespaces=15000"));
  }
  if (readLine(host, DEBIAN) === "0" && host.identity.uid !== 0) {
    return warn(
      "refused by sysctl kernel.unprivileged_userns_clone=0",
      sysctl(host, "allow user namespaces without root", "kernel.unprivileged_userns_clone=1"),
    );
  }
  const container = findContainer(host);
  if (container !== null && hasFilter(host)) {
    return warn(
      `refused by ${describeContainer(host)}'s seccomp filter (${errno})`,
      advice("start the container with --security-opt seccomp=unconfined, or with a profile that allows unshare(2)", "now"),
    );
  }
  if (readLine(host, APPARMOR) === "1" && host.identity.uid !== 0) {
    return warn(
      `refused by AppArmor (kernel.apparmor_restrict_unprivileged_userns=1, ${errno})`,
      sysctl(host, "lift AppArmor's restriction (until the next boot)", "kernel.apparmor_restrict_unprivileged_userns=0"),
    );
  }
  if (errno === "EUSERS" || errno === "ENOSPC") {
    return warn(`too many nested or existing user namespaces (${errno})`, sysctl(host, "allow more", "user.max_user_namespaces=15000"));
  }
  if (errno === "EINVAL") return warn("this kernel was built without user namespaces (EINVAL)", advice("use a kernel with CONFIG_USER_NS=y"));
  return fail(`refused (${errno})`);
}

const knobs: Check = {
  id: "process.sysctl",
  title: "User-namespace settings",
  why: "Three settings can refuse user namespaces: the kernel's maximum, Debian's switch, and AppArmor's restriction in Ubuntu.",
  engines: {},
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    const values = [
      ["user.max_user_namespaces", readLine(host, MAXIMUM)],
      ["kernel.unprivileged_userns_clone", readLine(host, DEBIAN)],
      ["kernel.apparmor_restrict_unprivileged_userns", readLine(host, APPARMOR)],
    ].flatMap(([name, value]) => (name === undefined || value === undefined ? [] : [`${name}=${value}`]));
    return ok(values.length === 0 ? "none of them is on this host" : values.join(", "));
  },
};

export const usernsChecks: readonly Check[] = [knobs];
