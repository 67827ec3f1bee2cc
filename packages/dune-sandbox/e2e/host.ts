/** The services and the victim that probes try to reach: `host.py`, run beside them. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { inject } from "vitest";
import type { Scene } from "./scene.js";

const SCRIPT = join(inject("scripts"), "host.py");

/** What the host noticed of a probe. */
export interface Noticed {
  /** Services that somebody reached. */
  readonly contacts: readonly string[];
  /** Signals that the victim received. */
  readonly signals: number;
}

export interface Host {
  /** What a probe is told, as key=value. */
  readonly facts: Readonly<Record<string, string>>;
  stop(): Promise<Noticed>;
}

/** Starts the host's services as the scene's owner, so that only the sandbox keeps a probe from them. */
export async function startHost(scene: Scene): Promise<Host> {
  const command = [...scene.identity.prefix, "/usr/bin/python3", SCRIPT, scene.token, scene.directory];
  const child = spawn("/usr/bin/env", command, { stdio: ["pipe", "pipe", "inherit"], env: { PATH: "/usr/bin:/bin", TOKEN: scene.token } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error("host.py ended early");
    return JSON.parse(line.value);
  };
  const facts = (await next()) as Record<string, string>;
  return {
    facts,
    async stop() {
      child.stdin.end();
      return (await next()) as Noticed;
    },
  };
}
