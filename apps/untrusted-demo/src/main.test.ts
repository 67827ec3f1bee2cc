/** The built demo, run as its users run it: every promise it makes, its exit statuses, and what it leaves behind. */

import { spawn, spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const UNPRIVILEGED = 1000;
const isRoot = process.getuid?.() === 0;

/** Who runs the demo; `skip` says why that cannot be here. */
interface Identity {
  readonly name: string;
  readonly uid: number;
  readonly prefix: readonly string[];
  readonly skip: string | undefined;
}

const SETPRIV = ["setpriv", `--reuid=${UNPRIVILEGED}`, `--regid=${UNPRIVILEGED}`, "--clear-groups", "--"];

function identities(): Identity[] {
  if (!isRoot) {
    return [
      { name: "root", uid: 0, prefix: [], skip: "the tests do not run as root" },
      { name: "an ordinary user", uid: process.getuid?.() ?? UNPRIVILEGED, prefix: [], skip: undefined },
    ];
  }
  const canRead = spawnSync("env", [...SETPRIV, process.execPath, "-e", "fs.accessSync(process.argv[1])", MAIN]).status === 0;
  const skip = canRead ? undefined : `uid ${UNPRIVILEGED} cannot read this clone, or setpriv(1) is missing`;
  return [
    { name: "root", uid: 0, prefix: [], skip: undefined },
    { name: "an ordinary user", uid: UNPRIVILEGED, prefix: SETPRIV, skip },
  ];
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Files in TMPDIR, and processes that know it. */
  readonly left: readonly string[];
}

interface RunOptions {
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Called once, with the pid, when something has been printed. */
  readonly onOutput?: (pid: number) => void;
}

/** Runs the demo with a HOME that is not there and a TMPDIR of its own. */
async function runDemo(identity: Identity, { prefix = [], env = {}, onOutput }: RunOptions = {}): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "demo-test-"));
  chownSync(directory, identity.uid, identity.uid);
  try {
    const child = spawn("env", [...identity.prefix, ...prefix, process.execPath, MAIN], {
      env: { PATH: process.env.PATH, HOME: join(directory, "home"), TMPDIR: directory, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.once("data", () => { onOutput?.(child.pid ?? 0); });
    const status = new Promise<number | null>((resolve, reject) => child.once("close", resolve).once("error", reject));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { status: await status, stdout, stderr, left: await leftovers(directory) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The kernel may take a moment after the demo has ended, so this asks again for a while. */
async function leftovers(directory: string): Promise<string[]> {
  for (let patience = 30; ; patience--) {
    const found = [...readdirSync(directory), ...processesIn(directory)];
    if (found.length === 0 || patience === 0) return found;
    await sleep(50);
  }
}

function processesIn(directory: string): string[] {
  const knows = (pid: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).includes(directory) || readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(directory);
    } catch {
      return false; // it has ended, or is a thread of the kernel
    }
  };
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && knows(name)).map((pid) => `process ${pid}`);
}

/** The lines of one numbered step. */
function step(stdout: string, number: number): string {
  return new RegExp(`^${number}\\. [^]*?(?=^\\d+\\. |(?![^]))`, "m").exec(stdout)?.[0] ?? "";
}

describe.each(identities())("the demo as $name", (identity) => {
  test("keeps every promise, says so, and leaves nothing", async ({ skip }) => {
    if (identity.skip !== undefined) skip(identity.skip);
    const { status, stdout, stderr, left } = await runDemo(identity);
    expect(stderr).toBe("");
    expect(stdout.split("\n").filter((line) => line.includes("✖"))).toEqual([]);
    expect(stdout).toContain("Everything came out as promised.");
    expect(status).toBe(0);
    expect(left).toEqual([]);

    expect(step(stdout, 1)).toMatch(/engine (dune|kvm|process): /);

    const outside = step(stdout, 2);
    for (const name of ["secret", "token", "write", "connect", "summary"]) expect(outside).toMatch(new RegExp(`^ {2}\\+ ${name} `, "m"));
    expect(outside).toContain("✔ the listener received the secret and the token");

    const inside = step(stdout, 3);
    for (const name of ["secret", "token", "write", "connect", "lookup", "unshare"]) expect(inside).toMatch(new RegExp(`^ {2}- ${name} `, "m"));
    expect(inside).toMatch(/^ {2}\+ summary /m);
    for (const flag of [
      /--read \S+\/home\/\.ssh\/id_demo$/m, /--env DEMO_API_TOKEN$/m, /--write \S+\/home\/\.bashrc$/m,
      /--allow-net localhost:\d+$/m, /--allow-net example\.com:443$/m, /--allow-syscall unshare$/m,
    ]) expect(inside).toMatch(flag);

    expect(step(stdout, 4)).toContain("✔ all 1000 measurements");

    const granted = step(stdout, 5);
    expect(granted).toMatch(/npx @dune\/sandbox --read \S+\/id_demo \.\/nosy/);
    expect(granted.match(/^ {2}\+ \w+/gm)).toEqual(["  + secret", "  + summary"]);

    expect(step(stdout, 6)).toContain("✔ stopped: 32 processes");
    expect(step(stdout, 7)).toContain("npx @dune/sandbox ./untrusted");
  });

  test("clears everything away when it is interrupted", async ({ skip }) => {
    if (identity.skip !== undefined) skip(identity.skip);
    const SIGTERM = 15;
    const { status, left } = await runDemo(identity, { onOutput: (pid) => { process.kill(pid, "SIGTERM"); } });
    expect(status).toBe(128 + SIGTERM);
    expect(left).toEqual([]);
  });

  test("ends with 2 and the fix where user namespaces are forbidden", async ({ skip }) => {
    if (identity.skip !== undefined) skip(identity.skip);
    const forbid = ["unshare", "--user", "--map-root-user", "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh"];
    if (spawnSync("env", [...identity.prefix, ...forbid, "true"]).status !== 0) skip("user namespaces are forbidden here already, or cannot be");
    const { status, stderr, left } = await runDemo(identity, { prefix: forbid });
    expect(stderr).toContain("user namespace");
    expect(stderr).toContain("try: sysctl -w user.max_user_namespaces=");
    expect(status).toBe(2);
    expect(left).toEqual([]);
  });
});
