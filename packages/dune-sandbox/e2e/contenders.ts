/** The same command confined by each contender, in the same scene, with as equal a view of the host as can be had. */

import { join } from "node:path";
import { CLI } from "./harness.js";
import type { Scene } from "./scene.js";

/** Turns a command into the confined command. */
export type Contender = (scene: Scene, command: readonly string[]) => string[];

/** The default policy, plus the read-only tree that some probes try to write. */
export const ours: Contender = (scene, command) => [process.execPath, CLI, "--read", scene.readonly, ...command];

/** As bubblewrap's manual and its users recommend, without a system-call filter. */
export const bubblewrap: Contender = (scene, command) => [
  "bwrap", "--unshare-all", "--new-session", "--die-with-parent", "--cap-drop", "ALL",
  ...["/usr", "/etc", "/opt"].flatMap((path) => ["--ro-bind-try", path, path]),
  ...["bin", "sbin", "lib", "lib64"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
  "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", join(scene.directory, "home"),
  "--bind", scene.project, scene.project, "--ro-bind", scene.readonly, scene.readonly,
  "--chdir", scene.project, "--", ...command,
];

/** No sandbox: shows that a probe notices when it gets out. */
export const nothing: Contender = (_, command) => [...command, "native=yes"];
