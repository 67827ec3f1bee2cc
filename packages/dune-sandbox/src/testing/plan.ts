/** Plans to test with. */

import { compileFilter } from "../filter.js";
import { handledBy } from "../landlock.js";
import { BIND, LAYER } from "../plan.js";
import type { JailPlan, Layer } from "../plan.js";

const { filter, supervised } = compileFilter({ supervise: "default", inet: true, allow: [] });

/** A plan with at least one record of every type, and no two values alike. */
export const FULL_PLAN: JailPlan = {
  argv: ["./untrusted", "--option", "", "zwölf"],
  env: ["PATH=/usr/bin", "EMPTY="],
  cwd: "/srv/work",
  exec: "/srv/work/untrusted",
  layers: Object.keys(LAYER) as Layer[],
  id: { insideUid: 1, outsideUid: 0x7000_0000, insideGid: 2, outsideGid: 0x7001_0000, count: 65_536 },
  hostname: "sandbox",
  mounts: [
    { kind: "bind", source: "/usr", target: "/usr", flags: BIND.readonly },
    { kind: "bind", source: "/srv/work", target: "/srv/work", flags: BIND.idmap | BIND.overlay },
    { kind: "tmpfs", target: "/tmp", size: 2 ** 40, mode: 0o1777 },
    { kind: "symlink", target: "/bin", text: "usr/bin" },
    { kind: "file", target: "/etc/hosts", contents: "127.0.0.1 localhost\n" },
  ],
  landlock: Array.from({ length: 6 }, (_, index) => handledBy(index + 1)),
  rules: [{ path: "/", access: 8 }, { path: "/srv/work", access: 0xffff }],
  filter,
  syscalls: supervised,
  rlimits: [{ resource: 7, limit: 4096 }, { resource: 1, limit: 10 * 2 ** 30 }],
  cgroups: ["/sys/fs/cgroup/one/cgroup.procs", "/sys/fs/cgroup/two/cgroup.procs"],
  limits: { wall: 5000, cpu: 6000, memory: 2 ** 33, written: 2 ** 34, tasks: 99, output: 12345 },
  relayDir: "/tmp/relays",
  relays: [
    { direction: "out", address: [127, 0, 1, 1], port: 443, socket: "out-0" },
    { direction: "in", address: [127, 0, 0, 1], port: 8080, socket: "in-8080" },
  ],
  names: [{ name: "example.org", address: [127, 0, 1, 1] }],
  terminal: 5,
};
