import { describe, expect, test } from "vitest";
import type { RawDenial } from "./denial.js";
import { explain, explainLookup, type ExplainContext } from "./explain.js";
import type { HostFile, HostView } from "./host-view.js";
import { ACCESS } from "./landlock.js";
import type { Origin, PathRule, Policy } from "./policy/policy.js";
import { syscallByName } from "./syscalls/table.js";

const EPERM = 1;
const EACCES = 13;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const O_WRONLY = 1n;
const O_CREAT = 0o100n;

const ME = 1000;
const file = (mode = 0o644, uid = ME): HostFile => ({ directory: false, mode, uid });
const directory = (mode = 0o755, uid = ME): HostFile => ({ directory: true, mode, uid });

const FILES: Readonly<Record<string, HostFile>> = {
  "/": directory(0o755, 0),
  "/usr": directory(0o755, 0),
  "/usr/bin": directory(0o755, 0),
  "/usr/bin/tool": file(0o755, 0),
  "/etc": directory(0o755, 0),
  "/etc/shadow": file(0o600, 0),
  "/home": directory(0o755, 0),
  "/home/me": directory(),
  "/home/me/.ssh": directory(0o700),
  "/home/me/.ssh/id_rsa": file(0o600),
  "/home/me/my notes.txt": file(),
  "/home/me/project": directory(),
  "/var/lib": directory(0o755, 0),
  "/srv": directory(),
  "/srv/data.csv": file(),
  "/srv/frozen.csv": file(0o444),
  "/srv/run.sh": file(0o755),
  "/run/docker.sock": file(0o666, 0),
  "/run/nscd/socket": file(0o666, 0),
  "/sys/fs/cgroup": directory(0o755, 0),
};

/** A port of the host's loopback with a server on it. */
const HOST_SERVER = 5432;

/** Permissions as the kernel checks them, for an owner and for everyone else. */
function hostFor(uid: number): HostView {
  const bit = { read: 4, write: 2, exec: 1 };
  return {
    uid,
    stat: (path) => FILES[path],
    access: (path, mode) => {
      const found = FILES[path];
      if (found === undefined) return false;
      if (uid === 0) return mode !== "exec" || found.directory || (found.mode & 0o111) !== 0;
      return (((found.uid === uid ? found.mode >> 6 : found.mode) & bit[mode]) !== 0);
    },
    listens: (port) => port === HOST_SERVER,
  };
}

function rule(path: string, access: "read" | "write" | "exec" | "all", origin: Origin = { kind: "default" }): PathRule {
  return { path, read: true, write: access === "write" || access === "all", exec: access === "exec" || access === "all", origin, links: [], optional: false };
}

interface Setting {
  readonly paths?: readonly PathRule[];
  readonly network?: Partial<Policy["network"]>;
  readonly uid?: number;
  readonly privateDirectories?: readonly string[];
}

function context({ paths = [], network = {}, uid = ME, privateDirectories = [] }: Setting = {}): ExplainContext {
  return {
    policy: {
      paths: [rule("/usr", "exec"), rule("/etc", "read"), rule("/home/me/project", "all"), ...paths],
      environment: { pass: [], set: {} },
      network: { mode: "none", allow: [], listen: [], ...network },
      limits: {},
      syscalls: [],
    },
    host: hostFor(uid),
    privateDirectories,
  };
}

function raw(syscall: string, rest: Partial<RawDenial> = {}): RawDenial {
  const number = syscallByName(syscall)?.number;
  if (number === undefined) throw new Error(`no system call ${syscall}`);
  return { pid: 4711, number, error: 0, access: 0, access2: 0, args: [0n, 0n, 0n, 0n, 0n, 0n], path: "", path2: "", ...rest };
}

const reading = (path: string) => raw("openat", { path, access: ACCESS.READ_FILE });
const creating = (path: string) =>
  raw("openat", { path, access: ACCESS.WRITE_FILE | ACCESS.MAKE_REG, args: [0n, 0n, O_WRONLY | O_CREAT, 0n, 0n, 0n] });
const told = (report: RawDenial, setting?: Setting) => explain(report, context(setting), 12);

describe("reading", () => {
  test("a hidden file names the rule and the flag", () => {
    expect(told(reading("/home/me/.ssh/id_rsa"))).toEqual({
      kind: "read", syscall: "openat", path: "/home/me/.ssh/id_rsa", pid: 4711, count: 1, time: 12,
      rule: "default policy: nothing below /home/me/.ssh is visible",
      allow: "--read /home/me/.ssh/id_rsa",
      input: { filesystem: { read: ["/home/me/.ssh/id_rsa"] } },
    });
  });

  test("a private home says that it is private", () => {
    const denial = told(reading("/home/me/.ssh/id_rsa"), { privateDirectories: ["/home/me"] });
    expect(denial?.rule).toBe("default policy: /home/me is private and starts empty");
  });

  test("the flag is quoted for the shell", () => {
    expect(told(reading("/home/me/my notes.txt"))?.allow).toBe("--read '/home/me/my notes.txt'");
  });

  test("what the host does not have is no denial", () => {
    expect(told(reading("/home/me/.config/tool.toml"))).toBeUndefined();
  });

  test("what the caller could not read either is no denial", () => {
    expect(told(reading("/root/secret"))).toBeUndefined();
    expect(told(raw("openat", { path: "/etc/shadow", error: EACCES }))).toBeUndefined();
  });

  test("root is told that the program is not root", () => {
    expect(told(raw("openat", { path: "/etc/shadow", error: EACCES }), { uid: 0 })).toMatchObject({
      kind: "read", errno: "EACCES", allow: "--read /etc/shadow",
      rule: "file permissions: mode 0600, owner 0; the program runs as an unprivileged user",
    });
  });

  test.each(["/proc/1/environ", "/dev/sda", "/sys/fs/cgroup", "/run/nscd/socket"])("%s is never explained", (path) => {
    expect(told(reading(path), { uid: 0 })).toBeUndefined();
  });

  test("directories on the way to what is visible can be looked at, and listing them is explained", () => {
    expect(told(raw("stat", { path: "/home/me", access: ACCESS.READ_FILE }))).toBeUndefined();
    expect(told(raw("openat", { path: "/home/me", access: ACCESS.READ_DIR }))).toMatchObject({ kind: "read", allow: "--read /home/me" });
  });

  test("the root directory has no flag: a policy cannot grant it", () => {
    const denial = told(raw("openat", { path: "/", access: ACCESS.READ_DIR }));
    expect(denial).toMatchObject({ kind: "read", path: "/" });
    expect(denial?.allow).toBeUndefined();
  });

  test("a name that is not UTF-8 has no flag: it could not be written exactly", () => {
    const path = "/srv/caf\ufffd";
    const here: ExplainContext = { ...context(), host: { uid: ME, stat: () => file(), access: () => true, listens: () => false } };
    const denial = explain(reading(path), here, 0);
    expect(denial).toMatchObject({ kind: "read", path });
    expect(denial?.allow).toBeUndefined();
    expect(denial?.input).toBeUndefined();
  });
});

describe("writing", () => {
  test("below a read-only rule names that rule", () => {
    const paths = [rule("/srv", "read", { kind: "flag", flag: "--read /srv" })];
    expect(told(raw("openat", { path: "/srv/data.csv", access: ACCESS.WRITE_FILE }), { paths })).toMatchObject({
      kind: "write", rule: "flag --read /srv: /srv is read-only", allow: "--write /srv/data.csv",
    });
  });

  test("creating a file needs its directory", () => {
    expect(told(creating("/srv/new.csv"))).toMatchObject({ kind: "write", path: "/srv/new.csv", allow: "--write /srv" });
  });

  test("creating over an existing file needs only the file", () => {
    expect(told(creating("/srv/data.csv"))?.allow).toBe("--write /srv/data.csv");
  });

  test("creating where there is no directory, or where the caller may not, is no denial", () => {
    expect(told(creating("/srv/nowhere/new.csv"))).toBeUndefined();
    expect(told(creating("/usr/bin/new"))).toBeUndefined();
  });

  test("what the caller could not write either is no denial", () => {
    expect(told(raw("openat", { path: "/srv/frozen.csv", access: ACCESS.WRITE_FILE }))).toBeUndefined();
  });

  test("a new file in a private directory is welcome there", () => {
    expect(told(creating("/home/me/.cache"), { privateDirectories: ["/home/me"] })).toBeUndefined();
    expect(told(raw("mkdir", { path: "/home/me/.npm", access: ACCESS.MAKE_DIR }), { privateDirectories: ["/home/me"] })).toBeUndefined();
  });

  test("mkdir -p on directories that are visible is no denial, on hidden ones it is", () => {
    const making = (path: string, setting?: Setting) => told(raw("mkdir", { path, access: ACCESS.MAKE_DIR }), setting);
    expect(making("/home/me", { uid: 0 })).toBeUndefined();
    expect(making("/home/me/.ssh")).toMatchObject({ kind: "write", path: "/home/me/.ssh", allow: "--write /home/me/.ssh" });
    expect(making("/var/lib")).toMatchObject({ allow: "--read /var/lib" }); // where the caller may not write either
    expect(making("/home/me/.ssh", { privateDirectories: ["/home/me"] })).toBeUndefined();
    expect(told(raw("mkdir", { path: "/srv/new", access: ACCESS.MAKE_DIR }))).toMatchObject({ allow: "--write /srv" });
  });

  test("removing needs the directory, and something to remove", () => {
    expect(told(raw("unlink", { path: "/srv/data.csv", access: ACCESS.REMOVE_FILE }))).toMatchObject({ kind: "write", allow: "--write /srv" });
    expect(told(raw("unlink", { path: "/srv/gone", access: ACCESS.REMOVE_FILE }))).toBeUndefined();
  });

  test("renaming out of the working directory is refused where it leads", () => {
    const report = raw("rename", { path: "/home/me/project/a", path2: "/srv/data.csv", access2: ACCESS.MAKE_REG });
    expect(told(report)).toMatchObject({ kind: "write", path: "/srv/data.csv", allow: "--write /srv" });
  });

  test("changing the mode is for the owner, whether the file is writeable or not", () => {
    expect(told(raw("chmod", { path: "/srv/frozen.csv", access: ACCESS.WRITE_FILE }))).toMatchObject({ kind: "write", allow: "--write /srv/frozen.csv" });
    expect(told(raw("chmod", { path: "/usr/bin/tool", access: ACCESS.WRITE_FILE }))).toBeUndefined();
    // Granted, and the file is not writeable: the owner may change its mode all the same.
    expect(told(raw("chmod", { path: "/home/me/project/x", error: EACCES }), { uid: 0 })).toBeUndefined();
  });
});

describe("executing", () => {
  test("a program in a directory that may only be read", () => {
    const paths = [rule("/srv", "read", { kind: "file", file: "policy.toml", line: 7 })];
    expect(told(raw("execve", { path: "/srv/run.sh", access: ACCESS.EXECUTE }), { paths })).toMatchObject({
      kind: "exec", rule: "policy.toml:7: /srv may not be executed", allow: "--exec /srv/run.sh",
      input: { filesystem: { exec: ["/srv/run.sh"] } },
    });
  });

  test("a shell's search through PATH is no denial", () => {
    expect(told(raw("execve", { path: "/home/me/bin/tool", access: ACCESS.EXECUTE }))).toBeUndefined();
    expect(told(raw("execve", { path: "/srv/data.csv", access: ACCESS.EXECUTE }))).toBeUndefined();
  });
});

describe("system calls", () => {
  test("name the reason and the flag", () => {
    expect(told(raw("perf_event_open", { error: EPERM }))).toMatchObject({
      kind: "syscall", syscall: "perf_event_open", errno: "EPERM",
      rule: "system calls: perf_event_open measures what the machine and its other users do",
      allow: "--allow-syscall perf_event_open",
      input: { syscalls: { allow: ["perf_event_open"] } },
    });
  });

  test("a mere probe is shown but not learnt", () => {
    const denial = told(raw("io_uring_setup", { error: ENOSYS }));
    expect(denial?.allow).toBe("--allow-syscall io_uring_setup");
    expect(denial?.input).toBeUndefined();
  });

  test("one that libc replaces at once is not shown: allowing it would take the check of its flags away", () => {
    expect(told(raw("clone3", { error: ENOSYS }))).toBeUndefined();
  });

  test("no flag is proposed that would open the whole network", () => {
    const denial = told(raw("socket", { error: EAFNOSUPPORT, args: [2n, 1n, 0n, 0n, 0n, 0n] }));
    expect(denial).toMatchObject({ kind: "syscall", rule: "default policy: no network" });
    expect(denial?.allow).toBeUndefined();
  });

  test("a number that nobody knows is not explained", () => {
    expect(explain({ ...raw("read"), number: 400, error: ENOSYS }, context(), 0)).toBeUndefined();
  });
});

describe("the network", () => {
  const inet = (host: readonly number[], port: number): Uint8Array => Uint8Array.from([2, 0, port >> 8, port & 255, ...host, 0, 0, 0, 0, 0, 0, 0, 0]);
  const to = (host: readonly number[], port: number, call = "connect") => raw(call, { address: inet(host, port) });

  test("a destination outside the policy names the flag", () => {
    expect(told(to([192, 0, 2, 1], 443))).toMatchObject({
      kind: "connect", address: "192.0.2.1:443", rule: "default policy: no network", allow: "--allow-net 192.0.2.1:443",
      input: { network: { allow: ["192.0.2.1:443"] } },
    });
  });

  test("loopback, port 0 and allowed destinations are no denials", () => {
    expect(told(to([127, 0, 0, 1], 8080))).toBeUndefined();
    expect(told(to([192, 0, 2, 1], 0))).toBeUndefined();
    const allow = [{ host: "192.0.2.1", port: 443, origin: { kind: "default" } as const }];
    expect(told(to([192, 0, 2, 1], 443), { network: { allow } })).toBeUndefined();
    expect(told(to([192, 0, 2, 1], 80), { network: { allow } })?.rule).toContain("--allow-net");
  });

  test("asking a name server is a lookup", () => {
    const denial = told(to([192, 0, 2, 53], 53, "sendto"));
    expect(denial).toMatchObject({ kind: "lookup", address: "192.0.2.53:53" });
    expect(denial?.allow).toBeUndefined();
  });

  test("datagrams cannot be allowed, and no flag is promised", () => {
    expect(told(to([192, 0, 2, 1], 123, "sendto"))?.allow).toBeUndefined();
  });

  test("with the host's network nothing is the sandbox's doing", () => {
    expect(told(to([192, 0, 2, 1], 443), { network: { mode: "host" } })).toBeUndefined();
  });

  test("a server is told how to be reached from outside", () => {
    expect(told(to([0, 0, 0, 0], 8000, "bind"))).toMatchObject({ kind: "bind", allow: "--listen 8000", input: { network: { listen: [8000] } } });
    expect(told(to([0, 0, 0, 0], 0, "bind"))).toBeUndefined();
    expect(told(to([0, 0, 0, 0], 8000, "bind"), { network: { listen: [{ port: 8000, origin: { kind: "default" } }] } })).toBeUndefined();
  });

  test("a service's socket file outside", () => {
    const address = Uint8Array.from([1, 0, ...new TextEncoder().encode("/run/docker.sock")]);
    expect(told(raw("connect", { address, path: "/run/docker.sock", access: ACCESS.WRITE_FILE }))).toMatchObject({
      kind: "connect", address: "unix:/run/docker.sock", path: "/run/docker.sock", allow: "--write /run/docker.sock",
      rule: "default policy: nothing below /run is visible; who listens there is outside the sandbox",
    });
  });

  test("abstract sockets are the program's own", () => {
    expect(told(raw("connect", { address: Uint8Array.from([1, 0, 0, 100]) }))).toBeUndefined();
  });
});

describe("names", () => {
  const lookup = (name: string, setting?: Setting) => explainLookup(name, context(setting), 5);

  test("an unknown name proposes the usual port", () => {
    expect(lookup("example.org.")).toMatchObject({ kind: "lookup", syscall: "lookup", address: "example.org", allow: "--allow-net example.org:443", time: 5 });
  });

  test("allowed names, reverse lookups and the host's network are no denials", () => {
    const allow = [{ host: "example.org", port: 80, origin: { kind: "api" } as const }];
    expect(lookup("EXAMPLE.org", { network: { allow } })).toBeUndefined();
    expect(lookup("1.2.0.192.in-addr.arpa")).toBeUndefined();
    expect(lookup("example.org", { network: { mode: "host" } })).toBeUndefined();
  });

  test("a name that is no host name gets no flag", () => {
    const denial = lookup("x;rm -rf /");
    expect(denial?.address).toBe("x;rm -rf /");
    expect(denial?.allow).toBeUndefined();
  });
});
