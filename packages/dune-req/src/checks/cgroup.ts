/** Control groups: exact limits on memory and processes, where this process may make its own. */
import { advice, isSupported, NOT_HERE, ok, readAll, skip, warn, type Check, type Host } from "./check.js";

const ROOT = "/sys/fs/cgroup";

type Layout = "v2" | "hybrid" | "v1" | "none";

function layoutOf(host: Host): Layout {
  if ("value" in host.stat(`${ROOT}/cgroup.controllers`)) return "v2";
  if ("value" in host.stat(`${ROOT}/unified/cgroup.controllers`)) return "hybrid";
  return "value" in host.stat(`${ROOT}/memory`) ? "v1" : "none";
}

const LAYOUTS: Readonly<Record<Layout, string>> = { v2: "version 2", hybrid: "version 1, with version 2 beside it", v1: "version 1", none: "none mounted" };

const version: Check = {
  id: "cgroup.version",
  title: "Control groups",
  why: "Memory and process limits of a whole program are exact with a cgroup and sampled without.",
  engines: {},
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    const layout = layoutOf(host);
    return layout === "none" ? warn(LAYOUTS.none) : ok(LAYOUTS[layout]);
  },
};

/** This process's group in a hierarchy: the line of /proc/self/cgroup whose controllers match. */
function ownGroup(host: Host, controller: string): string | undefined {
  return readAll(host, "/proc/self/cgroup").split("\n").map((line) => line.split(":"))
    .find(([, controllers]) => (controllers ?? "").split(",").includes(controller))?.[2];
}

const join = (base: string, group: string): string => (group === "/" ? base : `${base}${group}`);

const delegation: Check = {
  id: "cgroup.delegation",
  title: "Cgroup delegation",
  why: "To limit a program exactly this process must be allowed to make a group below its own, with the memory and pids controllers.",
  engines: {},
  run(host) {
    if (!isSupported(host)) return NOT_HERE;
    const layout = layoutOf(host);
    if (layout === "none") return skip("no control groups");
    const v2 = layout === "v2";
    const group = ownGroup(host, v2 ? "" : "memory");
    if (group === undefined) return skip("/proc/self/cgroup names no group");
    const path = join(v2 ? ROOT : `${ROOT}/memory`, group);
    const directory = host.stat(path);
    if (!("value" in directory) || !directory.value.writable) {
      return warn(`${path} may not be written: limits are sampled`, v2 ? advice("run under systemd-run --user --scope -p Delegate=yes", "now") : undefined);
    }
    if (!v2) return ok("may make groups below its own");
    const controllers = readAll(host, `${path}/cgroup.controllers`).split(/\s+/);
    const missing = ["memory", "pids"].filter((name) => !controllers.includes(name));
    return missing.length === 0 ? ok("may limit memory and pids below its own group") : warn(`${path} lacks ${missing.join(" and ")}`);
  },
};

export const cgroupChecks: readonly Check[] = [version, delegation];
