/** Every probe of `escape/` under the default policy: none gets out, and none leaves anything behind. */

import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, closeSync, copyFileSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { bubblewrap, nothing, ours } from "./contenders.js";
import type { Contender } from "./contenders.js";
import { asEveryone, ROOT, run } from "./harness.js";
import type { Identity, Outcome } from "./harness.js";
import { startHost } from "./host.js";
import type { Noticed } from "./host.js";
import { allProbes, buildProbes, installProbe } from "./probes.js";
import type { Probe } from "./probes.js";
import { inScene, withLeaks } from "./scene.js";
import type { Scene } from "./scene.js";
import { Terminal } from "./terminal.js";

const STATUS = { held: 0, escaped: 1, skipped: 77, refused: 125 } as const;
const isRoot = process.getuid?.() === 0;
const hasBubblewrap = spawnSync("bwrap", ["--version"]).status === 0;

/** What a run of a probe showed, from inside and from outside. */
interface Finding extends Outcome {
  readonly noticed: Noticed;
  readonly changed: readonly string[];
  readonly left: readonly string[];
}

const GRANTED_SOCKET: Probe = { name: "granted-socket" };

/** Rows of the table printed at the end: probe, who, bubblewrap's verdict. */
const compared: string[] = [];

beforeAll(() => {
  buildProbes();
});

afterAll(() => {
  rmSync(buildProbes(), { recursive: true });
  if (compared.length > 0) console.log(["For comparison, under bubblewrap:", ...compared].join("\n"));
});

asEveryone("the default policy holds", (identity) => {
  for (const probe of allProbes()) {
    test(probe.name, async (context) => {
      const finding = await attack(probe, identity, ours);
      context.skip(finding.status === STATUS.skipped, finding.stdout);
      if (probe.mayBeRefused !== true || finding.status !== STATUS.refused) {
        expect(verdictOf(finding)).toMatch(/^HELD/);
        expect(finding.status).toBe(STATUS.held);
      }
      expect(finding.changed).toEqual([]);
      expect(finding.noticed).toEqual({ contacts: [], signals: 0 });
      expect(finding.left).toEqual([]);
      expect(withoutControls(finding.stderr)).toBe(finding.stderr);
    });
  }
});

describe.skipIf(!isRoot)("without a sandbox, as root, a probe notices that it is out", () => {
  for (const probe of allProbes()) {
    test(probe.name, async (context) => {
      context.skip(probe.unconfined !== undefined, probe.unconfined);
      const finding = await attack(probe, ROOT, nothing);
      context.skip(finding.status === STATUS.skipped, finding.stdout);
      expect(verdictOf(finding)).toMatch(/^ESCAPED/);
    });
  }

  test("daemon, by what it leaves", async () => {
    const finding = await attack({ name: "daemon" }, ROOT, nothing);
    expect(finding.left.length).toBeGreaterThan(0);
  });
});

asEveryone("bubblewrap, for comparison", (identity) => {
  for (const probe of allProbes()) {
    test.skipIf(!hasBubblewrap)(hasBubblewrap ? probe.name : `${probe.name} (skipped: bwrap is not installed)`, async () => {
      const finding = await attack(probe, identity, bubblewrap);
      const seen = [...finding.left, ...finding.changed, ...finding.noticed.contacts.map((name) => `reached ${name}`)];
      compared.push(`${probe.name.padEnd(28)} ${identity.name.padEnd(5)} ${verdictOf(finding).slice(0, 110)} ${seen.slice(0, 3).join(", ")}`);
    });
  }
});

asEveryone("a link planted by an earlier run", (identity) => {
  test("does not turn a granted name into a grant of what it names", async () => {
    await inScene(identity, async (scene) => {
      const probe = installProbe({ name: "planted-link" }, scene.project);
      const facts = [`outside=${scene.outside}`, `secret=${scene.secret}`, `token=${scene.token}`];
      const options = { as: identity, cwd: scene.project, env: scene.environment };
      await run(["mkdir", "given"], options);
      const planted = await run(ours(scene, [probe, "phase=plant", ...facts]), options);
      expect(planted.stdout).toMatch(/^HELD/);
      const [node = "", cli = "", ...rest] = ours(scene, [probe, "phase=use", ...facts]);
      for (const flag of ["--read", "--write", "--exec"]) {
        const used = await run([node, cli, flag, "given", ...rest], options);
        expect(used.stdout).not.toMatch(/ESCAPED/);
        // Refusing to start is as good as holding; saying nothing at all is not.
        expect(used.stdout + used.stderr).not.toBe("");
      }
      expect(await scene.leftovers()).toEqual([]);
    });
  });
});

describe("a host's socket in a granted directory", () => {
  test.skipIf(!isRoot)("answers a program that nothing confines", async () => {
    expect(verdictOf(await attack(GRANTED_SOCKET, ROOT, nothing))).toMatch(/^ESCAPED/);
  });

  asEveryone("under the default policy", (identity) => {
    test("cannot be reached, or is named in a warning", async () => {
      const finding = await attack(GRANTED_SOCKET, identity, ours);
      if (!verdictOf(finding).startsWith("HELD")) expect(finding.stderr).toMatch(/socket.*service|service.*socket/i);
    });
  });
});

/** Runs one probe in a new scene under a contender, and looks round afterwards. */
async function attack(probe: Probe, identity: Identity, contender: Contender): Promise<Finding> {
  return await inScene(identity, async (scene) => {
    const program = installProbe(probe, scene.project);
    const host = await startHost(scene);
    const facts = { ...host.facts, ...probe.facts, ...ownFacts(scene, probe) };
    const command = contender(scene, [program, ...Object.entries(facts).map(([name, value]) => `${name}=${value}`)]);
    const before = scene.untouchable();
    const outcome = await execute(probe, scene, command);
    const left = await scene.leftovers();
    const after = scene.untouchable();
    const changed = Object.keys({ ...before, ...after }).filter((path) => before[path] !== after[path]);
    return { ...outcome, left, changed, noticed: await host.stop() };
  });
}

function ownFacts(scene: Scene, probe: Probe): Record<string, string> {
  const facts: Record<string, string> & { setuidprogram?: string } = {
    token: scene.token, secret: scene.secret, outside: scene.outside, readonly: scene.readonly, run: scene.directory,
  };
  if (probe.terminal === "behind") Object.assign(facts, { terminal: "@terminal@", terminaldev: "@terminaldev@" });
  if (isRoot && probe.name === "setuid-program") facts.setuidprogram = plantSetuidProgram(scene);
  return facts;
}

/** The probe itself, owned by the uid it looks for, where the sandboxed program may execute it. */
function plantSetuidProgram(scene: Scene): string {
  const path = join(scene.project, "planted-setuid");
  copyFileSync(join(scene.project, "probe"), path);
  chownSync(path, 1234, 1234);
  chmodSync(path, 0o4755);
  return path;
}

async function execute(probe: Probe, scene: Scene, command: readonly string[]): Promise<Outcome> {
  const options = { as: scene.identity, cwd: scene.project, env: scene.environment };
  if (probe.terminal !== undefined) return await executeInTerminal(probe, scene, command);
  if (probe.leak) return await withLeaks(scene, (leak) => run(command, { ...options, leak }));
  if (probe.stdin === undefined) return await run(command, options);
  const stdin = openSync(probe.stdin === "file" ? join(scene.outside, "file") : scene.outside, "r");
  try {
    return await run(command, { ...options, stdin });
  } finally {
    closeSync(stdin);
  }
}

async function executeInTerminal(probe: Probe, scene: Scene, command: readonly string[]): Promise<Outcome> {
  const log = join(scene.directory, "log");
  const redirected = ["sh", "-c", 'exec "$@" </dev/null >"$LOG" 2>&1', "sh", ...command];
  scene.write("log", "");
  const terminal = new Terminal(probe.terminal === "behind" ? redirected : command, {
    as: scene.identity, cwd: scene.project, env: { ...scene.environment, LOG: log },
  });
  onTestFinished(() => {
    terminal.close();
  });
  const status = await terminal.exit;
  return { status, stdout: probe.terminal === "behind" ? readFileSync(log, "utf8") : terminal.output, stderr: "" };
}

/** The probe's own line. Spaces before it are what terminal-input pushed. */
function verdictOf({ stdout, status, stderr }: Outcome): string {
  return /^ *((?:HELD|ESCAPED|BROKEN|SKIP) .*)$/m.exec(stdout)?.[1] ?? `no verdict, status ${status}: ${stdout}${stderr}`;
}

/** Colour is the sandbox's own to use; nothing else that moves a cursor or hides text is. */
function withoutControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- finding control characters is the purpose
  return text.replace(/\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, "");
}
