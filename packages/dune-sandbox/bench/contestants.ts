/** The same command natively, in the jail and under bubblewrap, as words for `launch`. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { helperPath } from "../src/helper.js";
import { identityFor, isRoot } from "../src/identity.js";
import { ALL_LAYERS, HOSTNAME, planJail } from "../src/jail.js";
import { planNetwork } from "../src/network.js";
import type { Explain } from "../src/options.js";
import { encodePlan } from "../src/plan.js";
import type { Layer } from "../src/plan.js";
import { policyLayer } from "../src/policy/parse.js";
import { prepare } from "../src/prepare.js";

/** A way of running a command. */
export interface Contestant {
  readonly name: string;
  readonly words: readonly string[];
}

interface JailVariant {
  readonly name: string;
  readonly explain: Explain;
  readonly layers?: readonly Layer[];
}

/** The helper with the default policy's plan in a file, so that starting node is not part of the figure. */
export function jailed(directory: string, command: readonly string[], { name, explain, layers = ALL_LAYERS }: JailVariant): Contestant {
  const [program = "", ...args] = command;
  const cwd = join(directory, "work");
  const policy = policyLayer({ filesystem: { exec: [join(directory, "bin")] } }, cwd);
  const prepared = prepare({ program, args, layers: [policy], cwd, env: process.env });
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  const plan = planJail({
    ...prepared,
    layers,
    explain,
    dryRun: false,
    bestEffort: false,
    identity: identityFor(uid, gid),
    mapped: isRoot(uid),
    network: planNetwork(prepared.policy.network, HOSTNAME),
    relayDir: undefined,
    cgroups: [],
    enforced: { memory: false, processes: false },
    terminal: 0,
  });
  const file = join(directory, `${name.replaceAll(/\W+/g, "-")}.plan`);
  writeFileSync(file, encodePlan(plan));
  return { name, words: [`@${file}@${helperPath()}`] };
}

export function native(command: readonly string[]): Contestant {
  return { name: "native", words: command };
}

/** The shortest command line that people use. */
export function bareBubblewrap(command: readonly string[]): Contestant {
  return { name: "bwrap --unshare-all --ro-bind / /", words: ["/usr/bin/bwrap", "--unshare-all", "--ro-bind", "/", "/", ...command] };
}

/** The mounts, the session and the capabilities of the default policy; no filter and no Landlock. */
export function equalBubblewrap(directory: string, command: readonly string[]): Contestant {
  const cwd = join(directory, "work");
  return {
    name: "bwrap with the same mounts",
    words: [
      "/usr/bin/bwrap", "--unshare-all", "--new-session", "--die-with-parent", "--cap-drop", "ALL",
      ...["/usr", "/etc", "/opt", "/sys/devices/system"].flatMap((path) => ["--ro-bind-try", path, path]),
      ...["bin", "sbin", "lib", "lib64"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
      "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", process.env.HOME ?? "/root",
      "--bind", cwd, cwd, "--ro-bind", join(directory, "bin"), join(directory, "bin"), "--chdir", cwd,
      ...command,
    ],
  };
}
