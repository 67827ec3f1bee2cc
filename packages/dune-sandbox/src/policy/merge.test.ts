import { describe, expect, it } from "vitest";
import { SandboxError } from "../errors.js";
import type { PolicyInput, PolicyLayer, ResolvedPath } from "./input.js";
import type { MergeContext } from "./merge.js";
import { mergePolicy } from "./merge.js";
import type { PathRule } from "./policy.js";

/** A host that exists only here: directories and links; everything else is missing. */
const DIRECTORIES = [
  "/", "/usr", "/usr/bin", "/usr/lib", "/usr/local/node", "/usr/local/node/bin", "/etc", "/opt", "/tmp", "/tmp/x", "/proc", "/proc/1", "/home", "/home/u", "/home/u/project",
  "/home/u/project/src", "/home/u/data", "/home/u/data/v2", "/home/u/secret", "/home/u/.nvm", "/home/u/.nvm/versions", "/srv",
];
const FILES = ["/home/u/project/policy.toml", "/home/u/project/run", "/home/u/tool", "/usr/bin/python3"];
const LINKS: Readonly<Record<string, readonly [text: string, target: string]>> = {
  "/bin": ["usr/bin", "/usr/bin"],
  "/lib": ["usr/lib", "/usr/lib"],
  "/home/u/current": ["data/v2", "/home/u/data/v2"],
  "/home/u/project/planted": ["/home/u/secret", "/home/u/secret"],
  "/home/u/project/inside": ["src", "/home/u/project/src"],
  "/srv/self": ["/proc/self", "/proc/1"],
};

function resolve(written: string): ResolvedPath {
  const path = written.replace(/\/\.?$/, "").replace("/./", "/") || "/";
  const link = LINKS[path];
  if (link !== undefined) return { path: link[1], links: [{ path, text: link[0] }] };
  if ([...DIRECTORIES, ...FILES].includes(path)) return { path, links: [] };
  throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
}

const context: MergeContext = { cwd: "/home/u/project", home: "/home/u", memory: 8 * 2 ** 30, resolve };

const layer = (input: PolicyInput, extra: Partial<PolicyLayer> = {}): PolicyLayer => ({
  input, base: "/home/u/project", optional: false, origin: (field) => ({ kind: "flag", flag: `--flag ${field.join(".")}` }), ...extra,
});
const fromFile = (input: PolicyInput) => layer(input, { base: "/home/u", origin: () => ({ kind: "file", file: "p.toml", line: 7 }) });

function ruleAt(rules: readonly PathRule[], path: string): string | undefined {
  const rule = rules.find((candidate) => candidate.path === path);
  return rule && `${rule.read ? "r" : "-"}${rule.write ? "w" : "-"}${rule.exec ? "x" : "-"}`;
}

const pathsOf = (filesystem: PolicyInput["filesystem"], over: Partial<MergeContext> = {}) => mergePolicy([layer({ filesystem })], { ...context, ...over }).paths;

function errorOf(action: () => unknown): SandboxError {
  try {
    action();
  } catch (error) {
    if (error instanceof SandboxError) return error;
    throw error;
  }
  throw new Error("accepted");
}

describe("the default policy", () => {
  const policy = mergePolicy([], context);

  it("lets a program run the system, read /etc and use the working directory; nothing else", () => {
    expect(policy.paths.map(({ path }) => [path, ruleAt(policy.paths, path)])).toEqual([
      ["/etc", "r--"], ["/home/u/project", "rwx"], ["/opt", "r-x"], ["/usr", "r-x"],
    ]);
  });

  it("keeps the links that the system's directories are reached by", () => {
    expect(policy.paths.flatMap(({ links }) => links)).toEqual(expect.arrayContaining([{ path: "/bin", text: "usr/bin" }, { path: "/lib", text: "usr/lib" }]));
  });

  it("passes no variable that could hold a secret", () => {
    expect(policy.environment.pass).toEqual(expect.arrayContaining(["PATH", "LANG", "LC_ALL", "TERM", "TZ"]));
    for (const name of policy.environment.pass) expect(name).toMatch(/^(PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLORTERM|NO_COLOR|FORCE_COLOR)$/);
    expect(policy.environment.set).toEqual({});
  });

  it("allows no network and no further system call, and bounds what can be exhausted", () => {
    expect(policy.network).toEqual({ mode: "none", allow: [], listen: [] });
    expect(policy.syscalls).toEqual([]);
    expect(policy.limits).toEqual({ processes: 512, files: 4096, memory: 4 * 2 ** 30, disk: 10 * 2 ** 30, tmp: 2 ** 30 });
  });
});

describe("paths", () => {
  it("start from the layer's directory or from home", () => {
    expect(ruleAt(pathsOf({ read: ["~/data"] }), "/home/u/data")).toBe("r--");
    expect(ruleAt(pathsOf({ read: ["src"] }), "/home/u/project/src")).toBe("r--");
    expect(ruleAt(mergePolicy([fromFile({ filesystem: { read: ["data"] } })], context).paths, "/home/u/data")).toBe("r--");
  });

  it("add up where they are the same", () => {
    expect(ruleAt(pathsOf({ write: ["~/data"], exec: ["/home/u/data/"] }), "/home/u/data")).toBe("rwx");
    const rules = pathsOf({ write: ["/opt"] });
    expect(ruleAt(rules, "/opt")).toBe("rwx");
    expect(rules.find(({ path }) => path === "/opt")?.origin).toEqual({ kind: "flag", flag: "--flag filesystem.write.0" });
  });

  it("are about the object a link names, and keep the link", () => {
    const rule = pathsOf({ read: ["~/current"] }).find(({ path }) => path === "/home/u/data/v2");
    expect(rule?.links).toEqual([{ path: "/home/u/current", text: "data/v2" }]);
  });

  it("do not repeat links that a granted directory contains", () => {
    expect(pathsOf({ read: ["inside"] }).flatMap(({ links }) => links.map(({ path }) => path))).not.toContain("/home/u/project/inside");
  });

  it("must be there if someone asked for them", () => {
    expect(errorOf(() => pathsOf({ write: ["~/missing"] })).fix).toBe("mkdir -p /home/u/missing");
    expect(errorOf(() => pathsOf({ read: ["~/missing"] }))).toMatchObject({ code: "ERR_SANDBOX_OPTION", fix: undefined, message: expect.stringContaining("there is no /home/u/missing") as string });
    expect(errorOf(() => mergePolicy([fromFile({ filesystem: { read: ["x"] } })], context))).toMatchObject({ code: "ERR_SANDBOX_POLICY", file: "p.toml", line: 7, field: "filesystem.read[0]" });
  });

  it.each(["/", "/proc", "/proc/1", "/srv/self"])("cannot be %s", (path) => {
    expect(errorOf(() => pathsOf({ read: [path] })).code).toBe("ERR_SANDBOX_OPTION");
  });

  it("are not widened by a link that a program may have planted on an earlier run", () => {
    const error = errorOf(() => pathsOf({ read: ["planted"] }));
    expect(error).toMatchObject({ code: "ERR_SANDBOX_OPTION", fix: expect.stringContaining("/home/u/secret") as string });
    expect(error.message).toMatch(/link.*leads out of it/);
    // The same link is harmless where programs cannot write, and so is one that stays inside.
    expect(ruleAt(pathsOf({ read: [".", "planted"] }), "/home/u/secret")).toBe("r--");
    expect(ruleAt(pathsOf({ read: ["inside"] }), "/home/u/project/src")).toBe("r--");
  });
});

describe("the working directory", () => {
  it.each(["/", "/home", "/home/u", "/usr", "/usr/lib", "/etc", "/tmp", "/opt", "/proc/1"])("is not handed over if it is %s", (cwd) => {
    expect(errorOf(() => mergePolicy([], { ...context, cwd })).code).toBe("ERR_SANDBOX_CWD");
  });

  it("may be a directory of one's own, wherever it is", () => {
    for (const cwd of ["/tmp/x", "/srv", "/usr/local/node"]) expect(ruleAt(mergePolicy([], { ...context, cwd }).paths, cwd)).toBe("rwx");
  });

  it("says how to insist, and then does as told", () => {
    const cwd = "/home/u";
    expect(errorOf(() => mergePolicy([], { ...context, cwd })).fix).toContain('--write "$PWD"');
    expect(errorOf(() => mergePolicy([], { ...context, cwd: "/" })).fix).not.toContain("--write");
    expect(ruleAt(pathsOf({ write: ["/home/u"] }, { cwd }), "/home/u")).toBe("rw-");
  });

  it("can be made read-only by a rule of its own", () => {
    expect(ruleAt(pathsOf({ read: ["."] }), "/home/u/project")).toBe("r--");
  });

  it("is an error if it has been deleted", () => {
    expect(errorOf(() => mergePolicy([], { ...context, cwd: "/gone" }))).toMatchObject({ code: "ERR_SANDBOX_CWD" });
  });
});

describe("the program", () => {
  const program = (path: string, extraReads: readonly string[] = []) =>
    ({ path, spelled: path, links: [], argv0: path, kind: "elf", extraReads: extraReads.map((extra) => ({ path: extra, links: [] })) }) as const;

  it("may be read and executed", () => {
    const rules = mergePolicy([], { ...context, program: program("/home/u/tool", ["/usr/bin/python3"]) }).paths;
    expect([ruleAt(rules, "/home/u/tool"), ruleAt(rules, "/usr/bin/python3")]).toEqual(["r-x", undefined]);
  });

  // The program's own bytes name the interpreter: what it names is not granted for that.
  it("gets no interpreter that the policy does not let it execute", () => {
    const outside = { ...context, program: program("/home/u/project/run", ["/home/u/data"]) };
    expect(errorOf(() => mergePolicy([], outside))).toMatchObject({ code: "ERR_SANDBOX_PROGRAM_INTERPRETER_MISSING", fix: "--exec /home/u/data" });
    expect(errorOf(() => mergePolicy([layer({ filesystem: { read: ["/home/u/data"] } })], outside)).fix).toBe("--exec /home/u/data");
    expect(ruleAt(mergePolicy([layer({ filesystem: { exec: ["/home/u/data"] } })], outside).paths, "/home/u/data")).toBe("r-x");
  });

  it("needs no rule where the others let it start", () => {
    const rules = mergePolicy([], { ...context, program: program("/home/u/project/run", ["/usr/bin/python3"]) }).paths;
    expect(rules).toEqual(mergePolicy([], context).paths);
  });

  it("can be started from a directory that may only be read", () => {
    const rules = mergePolicy([layer({ filesystem: { read: ["."] } })], { ...context, program: program("/home/u/project/run") }).paths;
    expect([ruleAt(rules, "/home/u/project"), ruleAt(rules, "/home/u/project/run")]).toEqual(["r--", "r-x"]);
  });
});

describe("the policy file", () => {
  const file = "/home/u/project/policy.toml";

  it("cannot be changed by the program it is about", () => {
    expect(ruleAt(mergePolicy([layer({}, { file })], context).paths, file)).toBe("r--");
  });

  it("can be, if it is named itself", () => {
    expect(ruleAt(mergePolicy([layer({}, { file }), layer({ filesystem: { write: [file] } })], context).paths, file)).toBe("rw-");
  });

  it("needs no rule where programs cannot write", () => {
    expect(mergePolicy([layer({}, { file: "/srv/policy.toml" })], context).paths).toEqual(mergePolicy([], context).paths);
  });
});

describe("everything else", () => {
  it("adds up variables; the last word about one counts", () => {
    const { environment } = mergePolicy([
      fromFile({ environment: { pass: ["A", "PATH"], set: { B: "1", C: "1" } } }),
      layer({ environment: { pass: ["B"], set: { A: "2", C: "2" } } }),
    ], context);
    expect(environment.set).toEqual({ A: "2", C: "2" });
    expect(environment.pass).toContain("B");
    expect(environment.pass).not.toContain("A");
    expect(environment.pass.filter((name) => name === "PATH")).toHaveLength(1);
  });

  it("adds up destinations, ports and system calls, each once, with the first origin", () => {
    const file = fromFile({ network: { allow: ["Example.org:443"], listen: [80] }, syscalls: { allow: ["bpf"] } });
    const { network, syscalls } = mergePolicy([file, layer({ network: { mode: "host", allow: ["example.org:443", "localhost:1"], listen: [80, 81] }, syscalls: { allow: ["bpf"] } })], context);
    expect(network.mode).toBe("host");
    expect(network.allow.map(({ host, port, origin }) => [host, port, origin.kind])).toEqual([["example.org", 443, "file"], ["localhost", 1, "flag"]]);
    expect(network.listen.map(({ port, origin }) => [port, origin.kind])).toEqual([[80, "file"], [81, "flag"]]);
    expect(syscalls).toEqual([{ name: "bpf", origin: { kind: "file", file: "p.toml", line: 7 } }]);
  });

  it("takes the last limit; unlimited lifts one", () => {
    const { limits } = mergePolicy([fromFile({ limits: { wall: "5s", memory: "1GiB" } }), layer({ limits: { wall: 100, processes: "unlimited" } })], context);
    expect(limits).toMatchObject({ wall: 100, memory: 2 ** 30, processes: undefined, files: 4096 });
  });
});

describe("profiles", () => {
  it("add their rules where the host has the paths, with their name as origin", () => {
    const { paths, environment } = mergePolicy([layer({ profile: "node" })], context);
    expect(paths.find(({ path }) => path === "/home/u/.nvm/versions")).toMatchObject({ exec: true, write: false, optional: true, origin: { kind: "profile", name: "node" } });
    expect(environment.set.npm_config_update_notifier).toBe("false");
  });

  it("know where the running Node is installed", () => {
    const own = { ...context, nodePrefix: "/home/u/.nvm" };
    const withBin = (path: string) => (path === "/home/u/.nvm/bin" ? { path, links: [] } : resolve(path));
    expect(ruleAt(mergePolicy([layer({ profile: "node" })], { ...own, resolve: withBin }).paths, "/home/u/.nvm/bin")).toBe("r-x");
  });

  it("come before the file that names them, which can override them", () => {
    const { limits } = mergePolicy([layer({ profile: ["build"], limits: { processes: 3 } })], context);
    expect(limits).toMatchObject({ processes: 3, files: 65_536 });
  });

  it("grant no writing outside the working directory", () => {
    const everything = (path: string): ResolvedPath => ({ path, links: [] });
    const { paths } = mergePolicy([layer({ profile: ["node", "python", "build", "git", "java"] })], { ...context, nodePrefix: "/n", resolve: everything });
    expect(paths.filter(({ write }) => write).map(({ path }) => path)).toEqual(["/home/u/project"]);
  });

  it("grant no file that is known to hold credentials", () => {
    const everything = (path: string): ResolvedPath => ({ path, links: [] });
    const { paths } = mergePolicy([layer({ profile: ["node", "python", "build", "git", "java"] })], { ...context, resolve: everything });
    const secrets = [".npmrc", ".pypirc", ".netrc", ".git-credentials", ".config/git/credentials", ".ssh/id_ed25519", ".cargo/credentials.toml", ".m2/settings.xml", ".gradle/gradle.properties", ".config/pip/pip.conf"];
    for (const secret of secrets) expect(paths.filter(({ path }) => `/home/u/${secret}`.startsWith(`${path}/`) || path === `/home/u/${secret}`), secret).toEqual([]);
  });
});
