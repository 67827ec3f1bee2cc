import { realpathSync, statSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { SandboxError, UnsupportedError } from "./errors.js";
import { identityFor } from "./identity.js";
import { ALL_LAYERS, NAMESPACES, planJail } from "./jail.js";
import type { JailOptions } from "./jail.js";
import { handledBy } from "./landlock.js";
import { planNetwork } from "./network.js";
import type { PathRule, Policy } from "./policy/policy.js";
import type { ResolvedProgram } from "./program.js";
import { temporaryDirectory } from "./testing/native.js";

const NONE = ALL_LAYERS.filter((layer) => !NAMESPACES.includes(layer));
const origin = { kind: "api" } as const;

let cwd = "";
beforeEach(() => { cwd = realpathSync(temporaryDirectory()); });

const rule = (path: string, write: boolean): PathRule => ({ path, read: true, write, exec: true, origin, links: [], optional: false });

function policy(changes: Partial<Policy> = {}): Policy {
  return { paths: [rule(cwd, true), rule("/usr", false)], environment: { pass: [], set: {} }, network: { mode: "none", allow: [], listen: [] }, limits: {}, syscalls: [], ...changes };
}

/** Who a directory belongs to, without being root. */
function ownerOf(path: string): JailOptions["identity"] {
  const { uid, gid } = statSync(path);
  return { ...identityFor(1000, 1000), outsideUid: uid, outsideGid: gid };
}

const PROGRAM: ResolvedProgram = { path: "/usr/bin/env", spelled: "/usr/bin/env", links: [], argv0: "env", kind: "elf", extraReads: [] };

function options(changes: Partial<JailOptions> = {}): JailOptions {
  const { network } = changes.policy ?? policy();
  return {
    program: PROGRAM, args: ["a", "b"], policy: policy(), cwd, home: "/home/somebody", env: {}, layers: ALL_LAYERS, explain: "default", dryRun: false,
    identity: identityFor(1000, 1000), mapped: false, network: planNetwork(network, "inside"), relayDir: undefined, cgroups: [],
    enforced: { memory: false, processes: false }, terminal: 0, bestEffort: false, ...changes,
  };
}

describe("the program's start", () => {
  test("argv[0] is the name as typed, the rest as given", () => {
    expect(planJail(options()).argv).toEqual(["env", "a", "b"]);
  });

  test.each([
    ["env", "/usr/bin/env", "/usr/bin/env"], // found in PATH
    ["./x.sh", "/w/x.sh", "./x.sh"], // a script is told its name as it was called
    ["../x.sh", "/x.sh", "/x.sh"], // inside, the directory above may be no more than a way to get here
  ])("%s is executed as %s says, by the name %s", (argv0, spelled, exec) => {
    expect(planJail(options({ program: { ...PROGRAM, argv0, spelled } })).exec).toBe(exec);
  });

  test("its environment is what the policy picks and sets, HOME and PWD, and nothing else", () => {
    const { env } = planJail(options({
      env: { PICKED: "1", SECRET: "2", HOME: "/root", OVERRIDDEN: "caller" },
      policy: policy({ environment: { pass: ["PICKED", "ABSENT", "OVERRIDDEN"], set: { SET: "a=b", OVERRIDDEN: "policy" } } }),
    }));
    expect([...env].sort()).toEqual(["HOME=/home/somebody", "OVERRIDDEN=policy", "PICKED=1", `PWD=${cwd}`, "SET=a=b"]);
  });

  test("the policy may set HOME itself", () => {
    expect(planJail(options({ policy: policy({ environment: { pass: ["HOME"], set: { HOME: "/elsewhere" } } }) })).env).toContain("HOME=/elsewhere");
  });
});

describe("limits", () => {
  const RLIMIT = { FSIZE: 1, CORE: 4, NPROC: 6, NOFILE: 7 }; // getrlimit(2), x86-64
  const limits = { wall: 1, cpu: 2, memory: 3, disk: 4, processes: 5, files: 6 };
  const rlimit = (plan: ReturnType<typeof planJail>, resource: number): number | undefined => plan.rlimits.find((found) => found.resource === resource)?.limit;

  test("each goes to who can enforce it", () => {
    const plan = planJail(options({ policy: policy({ limits }) }));
    expect(plan.limits).toEqual({ wall: 1, cpu: 2, memory: 3, written: 4, tasks: 5, output: 0 });
    expect(rlimit(plan, RLIMIT.FSIZE)).toBe(4);
    expect(rlimit(plan, RLIMIT.NOFILE)).toBe(6);
    expect(rlimit(plan, RLIMIT.NPROC)).toBeGreaterThanOrEqual(5);
  });

  test("what a cgroup enforces is not enforced twice", () => {
    const plan = planJail(options({ policy: policy({ limits }), enforced: { memory: true, processes: true } }));
    expect(plan.limits.memory).toBe(0);
    expect(rlimit(plan, RLIMIT.NPROC)).toBeUndefined();
  });

  test("without limits nothing is bounded but core dumps, which even a core pattern with a pipe does not get", () => {
    const plan = planJail(options());
    expect(plan.limits).toEqual({ wall: 0, cpu: 0, memory: 0, written: 0, tasks: 0, output: 0 });
    expect(plan.rlimits).toEqual([{ resource: RLIMIT.CORE, limit: 1 }]);
  });
});

describe("layers", () => {
  test("without supervision there is no supervisor, and no call is notified", () => {
    const plan = planJail(options({ explain: "none" }));
    expect(plan.layers).toEqual(ALL_LAYERS.filter((layer) => layer !== "supervisor"));
    expect(plan.syscalls).toEqual([]);
  });

  test("the filter refuses the internet where there is no private network, and only there", () => {
    const filter = (changes: Partial<JailOptions>): string => Buffer.from(planJail(options(changes)).filter).toString("hex");
    const withoutNet = ALL_LAYERS.filter((layer) => layer !== "net");
    expect(filter({ layers: withoutNet })).not.toBe(filter({}));
    expect(filter({ layers: withoutNet, policy: policy({ network: { mode: "host", allow: [], listen: [] } }) })).toBe(filter({}));
  });

  test("without a mount namespace there is nothing to mount, and Landlock speaks of the host's root", () => {
    const plan = planJail(options({ layers: NONE, bestEffort: true }));
    expect(plan.mounts).toEqual([]);
    expect(plan.rules.map(({ path }) => path)).toContain(cwd);
    expect(plan.rules.map(({ path }) => path)).not.toContain("/");
  });

  test("on the host's network abstract sockets and signals stay out of reach, as far as the kernel can", () => {
    const { landlock } = planJail(options({ layers: NONE, bestEffort: true }));
    expect(landlock[5]?.scoped).toBe(handledBy(6).scoped);
    expect(landlock.map(({ fs }) => fs)).toEqual([1, 2, 3, 4, 5, 6].map((abi) => handledBy(abi).fs));
  });

  test("the private network has names of its own, the host's network those of the host", () => {
    const replaced = (changes: Partial<JailOptions>): string[] =>
      planJail(options({ ...changes, policy: policy({ ...changes.policy, paths: [rule(cwd, true), rule("/etc", false)] }) })).mounts.flatMap((mount) => (mount.kind === "file" ? [mount.contents] : []));
    expect(replaced({}).join()).toContain("nameserver 127.0.0.1");
    expect(replaced({ layers: ALL_LAYERS.filter((layer) => layer !== "net") }).join()).not.toContain("nameserver 127.0.0.1\noptions timeout:1");
  });
});

test("root without a user namespace is refused, as its program would own the host's files", () => {
  const asRoot = { identity: identityFor(0, 0), bestEffort: true };
  expect(() => planJail(options(asRoot))).not.toThrow();
  const refused = (): unknown => planJail(options({ ...asRoot, layers: NONE }));
  expect(refused).toThrow(UnsupportedError);
  expect(refused).toThrow(expect.objectContaining({ code: "ERR_SANDBOX_UNSUPPORTED", fix: expect.stringContaining("ordinary user") as string }) as Error);
});

test("a dry run among somebody else's files is an error", () => {
  const { outsideUid, outsideGid } = ownerOf(cwd);
  const others = { dryRun: true, identity: { ...identityFor(1000, 1000), outsideUid, outsideGid: outsideGid + 1 } };
  expect(() => planJail(options(others))).toThrow(expect.objectContaining({ code: "ERR_SANDBOX_OPTION" }) as Error);
  expect(() => planJail(options({ ...others, dryRun: false }))).not.toThrow();
});

describe("what only a missing layer could give is an error", () => {
  test.each<[string, string, () => Partial<JailOptions>]>([
    ["a destination", "ERR_SANDBOX_POLICY", () => ({ policy: policy({ network: { mode: "none", allow: [{ host: "example.org", port: 443, origin }], listen: [] } }) })],
    ["a port to serve", "ERR_SANDBOX_POLICY", () => ({ policy: policy({ network: { mode: "none", allow: [], listen: [{ port: 8080, origin }] } }) })],
    ["a dry run", "ERR_SANDBOX_OPTION", () => ({ dryRun: true, identity: ownerOf(cwd) })],
    ["a read-only file in a directory that may be written", "ERR_SANDBOX_POLICY", () => ({ policy: policy({ paths: [rule("/usr", true), rule("/usr/bin", false)] }) })],
  ])("%s", (_what, code, changes) => {
    expect(() => planJail(options(changes()))).not.toThrow();
    let thrown: unknown;
    try { planJail(options({ ...changes(), layers: NONE, bestEffort: true })); } catch (error) { thrown = error; }
    expect(thrown).toBeInstanceOf(SandboxError);
    expect(thrown).toMatchObject({ code });
  });
});
