import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../package-root.js";
import type { PolicyInput, PolicyLayer } from "./input.js";
import { parsePolicy } from "./parse.js";
import type { PROFILES } from "./schema.js";

export type ProfileName = (typeof PROFILES)[number];

/** In a profile: the prefix of the running Node's installation. */
const NODE = "{node}/";

/**
 * One of the profiles in `profiles/`. Its paths are optional: a host without nvm has no ~/.nvm.
 *
 * @param nodePrefix the directory above `bin/node`; without it, paths that begin with `{node}` are left out
 */
export function loadProfile(name: ProfileName, nodePrefix?: string): PolicyLayer {
  const file = join(packageRoot(), "profiles", `${name}.toml`);
  const { input } = parsePolicy(readFileSync(file, "utf8"), file);
  return { input: withNode(input, nodePrefix), base: "/", optional: true, origin: () => ({ kind: "profile", name }) };
}

function withNode(input: PolicyInput, prefix: string | undefined): PolicyInput {
  const { filesystem } = input;
  if (filesystem === undefined) return input;
  const expand = (paths: readonly string[] = []) =>
    paths.flatMap((path) => {
      if (!path.startsWith(NODE)) return [path];
      return prefix === undefined ? [] : [join(prefix, path.slice(NODE.length))];
    });
  return { ...input, filesystem: { read: expand(filesystem.read), write: expand(filesystem.write), exec: expand(filesystem.exec) } };
}
