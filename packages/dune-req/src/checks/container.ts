/** Which container, if any, this process lives in. */
import { exists, readAll, readLine, type Host } from "./check.js";

export type Container = "docker" | "podman" | "lxc" | "kubernetes" | "nspawn" | "container";

/** The container runtime round this process, or null for none that can be recognised. */
export function findContainer(host: Host): Container | null {
  if (exists(host, "/run/.containerenv")) return "podman";
  if (exists(host, "/.dockerenv")) return "docker";
  if (host.env("KUBERNETES_SERVICE_HOST") !== undefined) return "kubernetes";
  const declared = host.env("container") ?? readLine(host, "/run/systemd/container");
  if (declared?.startsWith("lxc") === true) return "lxc";
  if (declared === "systemd-nspawn") return "nspawn";
  const cgroup = readAll(host, "/proc/self/cgroup");
  if (/\/docker[-/]/.test(cgroup)) return "docker";
  if (cgroup.includes('/kubepods')) return "kubernetes";
  if (/\/lxc[./]/.test(cgroup)) return "lxc";
  return declared === undefined || declared === "" ? null : "container";
}

const NAMES: Readonly<Record<Container, string>> = {
  docker: "Docker",
  podman: "Podman",
  lxc: "LXC",
  kubernetes: "Kubernetes",
  nspawn: "systemd-nspawn",
  container: "a container of unknown kind",
};

/** Its name for people. */
export function describeContainer(host: Host): string {
  const container = findContainer(host);
  return container === null ? "none" : NAMES[container];
}
