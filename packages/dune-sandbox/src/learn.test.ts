import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Denial } from "./denial.js";
import { learn, saveLearned } from "./learn.js";
import type { PolicyInput, PolicyLayer } from "./policy/input.js";
import { policyLayer, readPolicyFile } from "./policy/parse.js";
import type { SandboxResult } from "./result.js";
import { temporaryDirectory } from "./testing/native.js";

const BASE: Omit<SandboxResult, "code" | "denials"> = {
  signal: undefined, limit: undefined, dropped: 0, changes: [],
  usage: { wall: 1, cpu: 1, memory: 1, written: 0, tasks: 1 },
  protection: { engine: "process", layers: [], missing: [], landlockAbi: 6, cgroup: [], sockets: [] },
};

function denial(kind: Denial["kind"], input: PolicyInput | undefined, syscall = "openat"): Denial {
  return { kind, syscall, pid: 1, rule: "default policy", count: 1, time: 0, input };
}

const reads = (...paths: readonly string[]): Denial[] => paths.map((path) => denial("read", { filesystem: { read: [path] } }));

/** A program that goes through `steps`: it needs them one after the other, and fails at the first that it is refused. */
function program(steps: readonly Denial[]): { round: (layers: readonly PolicyLayer[]) => Promise<SandboxResult>; granted: PolicyInput[] } {
  const granted: PolicyInput[] = [];
  return {
    granted,
    round(layers) {
      const input = layers[0]?.input ?? {};
      granted.push(input);
      const given = JSON.stringify(input);
      const words = (step: Denial): string[] => [...(step.input?.filesystem?.read ?? []), ...(step.input?.network?.allow ?? []), ...(step.input?.syscalls?.allow ?? [])];
      const refused = steps.find((step) => !words(step).every((word) => given.includes(JSON.stringify(word))));
      return Promise.resolve({ ...BASE, code: refused === undefined ? 0 : 1, denials: refused === undefined ? [] : [refused] });
    },
  };
}

function fileIn(directory: string): string {
  const path = join(directory, "file");
  writeFileSync(path, "");
  return path;
}

function socketIn(directory: string): string {
  const path = join(directory, "socket");
  const server = createServer().listen(path); // bound before this returns
  onTestFinished(() => { server.close(); });
  return path;
}

describe("learning", () => {
  test("goes on until nothing new is refused, and grants just that", async () => {
    const { round, granted } = program(reads("/srv/a", "/srv/b", "/srv/c"));
    const learned = await learn([], round, "/w");
    expect(learned).toMatchObject({ rounds: 4, policy: { filesystem: { read: ["/srv/a", "/srv/b", "/srv/c"] } }, result: { code: 0 } });
    expect(granted[0]).toEqual({});
  });

  test("says of each grant why it is there", async () => {
    const { round } = program([...reads("/srv/a"), denial("connect", { network: { allow: ["example.org:443"] } }, "connect")]);
    const { comments } = await learn([], round, "/w");
    expect(comments).toEqual({ "filesystem.read[0]": "read by openat", "network.allow[0]": "connect by connect, not tried while learning" });
  });

  test("keeps what the caller grants to begin with, wherever the file will lie", async () => {
    const { round } = program(reads("/srv/a"));
    const { policy, comments } = await learn([policyLayer({ filesystem: { read: ["data", "~/x"] }, limits: { wall: "5s" } }, "/w")], round, "/w");
    expect(policy).toEqual({ filesystem: { read: ["/w/data", join(homedir(), "x"), "/srv/a"] }, limits: { wall: "5s" } });
    expect(comments).toEqual({ "filesystem.read[2]": "read by openat" });
  });

  test("a refusal that no grant would lift changes nothing", async () => {
    const round = (): Promise<SandboxResult> => Promise.resolve({ ...BASE, code: 1, denials: [denial("write", undefined)] });
    expect(await learn([], round, "/w")).toMatchObject({ rounds: 1, policy: {} });
  });

  test("a system call that the program does without is not granted, one that it failed for is", async () => {
    const call = denial("syscall", { syscalls: { allow: ["perf_event_open"] } }, "perf_event_open");
    const succeeds = (): Promise<SandboxResult> => Promise.resolve({ ...BASE, code: 0, denials: [call] });
    expect((await learn([], succeeds, "/w")).policy).toEqual({});
    const { round } = program([call]);
    expect((await learn([], round, "/w")).policy).toEqual({ syscalls: { allow: ["perf_event_open"] } });
  });

  test.each<[what: string, input: () => PolicyInput]>([
    ["a destination", () => ({ network: { allow: ["example.org:443"] } })],
    ["a port", () => ({ network: { listen: [8080] } })],
    ["a system call", () => ({ syscalls: { allow: ["bpf"] } })],
    ["a single file to write", () => ({ filesystem: { write: [fileIn(temporaryDirectory())] } })],
    ["a socket", () => ({ filesystem: { read: [socketIn(temporaryDirectory())] } })],
    ["a directory with a socket in it", () => ({ filesystem: { read: [dirname(socketIn(temporaryDirectory()))] } })],
    ["a device", () => ({ filesystem: { read: ["/dev/null"] } })],
  ])("%s is written down, but not tried: no dry run would take back what comes of it", async (_what, make) => {
    const input = make();
    const given: PolicyInput[] = [];
    const round = (layers: readonly PolicyLayer[]): Promise<SandboxResult> => {
      given.push(layers[0]?.input ?? {});
      const read = JSON.stringify(given.at(-1)).includes("/srv/a");
      return Promise.resolve({ ...BASE, code: 1, denials: [...(read ? [] : reads("/srv/a")), denial(input.syscalls === undefined ? "write" : "syscall", input)] });
    };
    const { policy, comments } = await learn([], round, "/w");
    expect(policy).toMatchObject(input.filesystem?.read === undefined ? { ...input } : { filesystem: { read: expect.arrayContaining(input.filesystem.read as string[]) as string[] } });
    expect(given).toEqual([{}, { filesystem: { read: ["/srv/a"] } }]);
    expect(Object.values(comments).filter((comment) => comment.endsWith("not tried while learning"))).toHaveLength(1);
  });

  test("a directory to write is tried, as it has an overlay", async () => {
    const directory = temporaryDirectory();
    const given: PolicyInput[] = [];
    const round = (layers: readonly PolicyLayer[]): Promise<SandboxResult> => {
      given.push(layers[0]?.input ?? {});
      return Promise.resolve({ ...BASE, code: given.length - 2, denials: given.length > 1 ? [] : [denial("write", { filesystem: { write: [directory] } })] });
    };
    await learn([], round, "/w");
    expect(given.at(-1)).toEqual({ filesystem: { write: [directory] } });
  });

  test("what the caller grants is tried, whatever it is", async () => {
    const given: PolicyInput[] = [];
    const granted = { network: { allow: ["example.org:443"] }, syscalls: { allow: ["bpf"] } };
    await learn([policyLayer(granted, "/w")], (layers) => {
      given.push(layers[0]?.input ?? {});
      return Promise.resolve({ ...BASE, code: 0, denials: [] });
    }, "/w");
    expect(given).toEqual([granted]);
  });

  test("what was not tried explains a failure before a system call does", async () => {
    const call = denial("syscall", { syscalls: { allow: ["bpf"] } }, "bpf");
    const connects = denial("connect", { network: { allow: ["example.org:443"] } }, "connect");
    const round = (layers: readonly PolicyLayer[]): Promise<SandboxResult> =>
      Promise.resolve({ ...BASE, code: 1, denials: [call, connects, ...(layers[0]?.input.filesystem === undefined ? reads("/srv/a") : [])] });
    expect((await learn([], round, "/w")).policy.syscalls).toBeUndefined();
  });

  test("of a system call and a file it is the file first", async () => {
    const call = denial("syscall", { syscalls: { allow: ["bpf"] } }, "bpf");
    const round = (layers: readonly PolicyLayer[]): Promise<SandboxResult> => {
      const given = layers[0]?.input.filesystem !== undefined;
      return Promise.resolve({ ...BASE, code: given ? 0 : 1, denials: given ? [call] : [call, ...reads("/srv/a")] });
    };
    expect((await learn([], round, "/w")).policy).toEqual({ filesystem: { read: ["/srv/a"] } });
  });

  test("a program that makes names up is given up on", async () => {
    let number = 0;
    const round = (): Promise<SandboxResult> => Promise.resolve({ ...BASE, code: 1, denials: reads(`/srv/${number++}`) });
    const { rounds } = await learn([], round, "/w");
    expect(rounds).toBeLessThan(100);
  });
});

describe("what was learnt", () => {
  test("is a policy that can be read again", async () => {
    const directory = temporaryDirectory();
    const file = join(directory, "policy.toml");
    const { round } = program([...reads("/srv/a", "/srv/b\"\n"), denial("connect", { network: { allow: ["example.org:443"] } }, "connect")]);
    const learned = await learn([], round, "/w");
    saveLearned(file, learned, "./untrusted\nread = [\"/\"]");
    expect(readPolicyFile(file, directory).input).toEqual(learned.policy);
    expect(readFileSync(file, "utf8")).toContain("# read by openat");
  });

  test("cannot be written where it cannot be written", async () => {
    const learned = await learn([], program([]).round, "/w");
    expect(() => { saveLearned("/nowhere/at/all/policy.toml", learned, "x"); }).toThrow(expect.objectContaining({ code: "ERR_SANDBOX_OPTION" }) as Error);
  });
});
