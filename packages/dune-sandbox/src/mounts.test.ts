import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { ACCESS, accessFor } from "./landlock.js";
import { configurationFile, hostRules, narrowedRules, privateDirectories, rootMounts, rootRules } from "./mounts.js";
import type { RootOptions } from "./mounts.js";
import { BIND } from "./plan.js";
import type { MountPlan } from "./plan.js";
import { isWithin } from "./policy/paths.js";
import type { PathRule } from "./policy/policy.js";
import { temporaryDirectory } from "./testing/native.js";

let base = "";
beforeEach(() => {
  base = realpathSync(temporaryDirectory());
  for (const name of ["data", "data/deep", "work", "home"]) mkdirSync(join(base, name));
  writeFileSync(join(base, "data/file"), "x");
});

/** A grant on a path below the test's directory, or an absolute one. */
function rule(path: string, access: "r" | "rw" | "rx" | "rwx", rest: Partial<PathRule> = {}): PathRule {
  return {
    path: path.startsWith("/") ? path : join(base, path),
    read: true, write: access.includes("w"), exec: access.includes("x"),
    origin: { kind: "api" }, links: [], optional: false, ...rest,
  };
}

function options(paths: readonly PathRule[], rest: Partial<RootOptions> = {}): RootOptions {
  return { paths, home: join(base, "home"), tmp: 1 << 20, idmap: false, overlay: false, files: [], ...rest };
}

function mountAt(mounts: readonly MountPlan[], path: string): MountPlan | undefined {
  return mounts.find(({ target }) => target === (path.startsWith("/") ? path : join(base, path)));
}

describe("the mounts", () => {
  test("what is granted is bound at its own place, read-only and not executable unless granted so", () => {
    const mounts = rootMounts(options([rule("data", "r"), rule("work", "rwx"), rule("/usr", "rx")]));
    expect(mountAt(mounts, "data")).toEqual({ kind: "bind", source: join(base, "data"), target: join(base, "data"), flags: BIND.readonly | BIND.noexec });
    expect(mountAt(mounts, "work")).toMatchObject({ flags: 0 });
    expect(mountAt(mounts, "/usr")).toMatchObject({ flags: BIND.readonly });
  });

  test("nothing else of the host is there but harmless devices", () => {
    const mounts = rootMounts(options([rule("work", "rwx")]));
    const sources = mounts.flatMap((mount) => (mount.kind === "bind" ? [mount.source] : []));
    expect(sources.sort()).toEqual([...["full", "null", "random", "tty", "urandom", "zero"].map((name) => `/dev/${name}`), join(base, "work")].sort());
    for (const mount of mounts) if (mount.kind === "bind" && mount.source.startsWith("/dev/")) expect(mount.flags & BIND.device).toBe(BIND.device);
    for (const mount of mounts) if (mount.kind === "bind" && !mount.source.startsWith("/dev/")) expect(mount.flags & BIND.device).toBe(0);
  });

  test("a directory is mounted before what lies in it, whatever the order of the rules", () => {
    const mounts = rootMounts(options([rule("data/deep", "rw"), rule("data", "r"), rule("work", "rwx"), rule("/usr", "rx")]));
    mounts.forEach(({ target }, index) => {
      for (const later of mounts.slice(index + 1)) expect(isWithin(target, later.target) && target !== later.target).toBe(false);
    });
  });

  test("a rule that says nothing new is no mount, one that says less is", () => {
    const mounts = rootMounts(options([rule("data", "rw"), rule("data/deep", "rw"), rule("data/file", "r")]));
    expect(mountAt(mounts, "data/deep")).toBeUndefined();
    expect(mountAt(mounts, "data/file")).toMatchObject({ flags: BIND.readonly | BIND.noexec });
  });

  // Else `mv` of a directory above takes the rule away from its path.
  test("every directory between a rule and the writable one above is a mount of its own, which nobody can rename", () => {
    mkdirSync(join(base, "work/a/b/c"), { recursive: true });
    const mounts = rootMounts(options([rule("work", "rw"), rule("work/a/b/c", "r"), rule("data", "r"), rule("data/deep", "rw")], { idmap: true }));
    for (const name of ["work/a", "work/a/b"]) expect(mountAt(mounts, name)).toEqual({ kind: "bind", source: join(base, name), target: join(base, name), flags: BIND.noexec | BIND.idmap });
    expect(mountAt(mounts, "work/a/b/c")).toMatchObject({ flags: BIND.readonly | BIND.noexec | BIND.idmap });
    expect(mounts.filter(({ target }) => isWithin(target, join(base, "work")))).toHaveLength(4);
    expect(mounts.filter(({ target }) => isWithin(target, join(base, "data")))).toHaveLength(2);
  });

  test("as root only what was granted by name has its ids mapped, not the system's directories", () => {
    const mounts = rootMounts(options([rule("work", "rwx"), rule("/usr", "rx", { optional: true }), rule("/etc", "r")], { idmap: true }));
    const mapped = mounts.flatMap((mount) => (mount.kind === "bind" && (mount.flags & BIND.idmap) !== 0 ? [mount.source] : []));
    expect(mapped).toEqual([join(base, "work")]);
  });

  test("a dry run lays an overlay over directories that may be written, and no others", () => {
    const mounts = rootMounts(options([rule("work", "rwx"), rule("data", "r"), rule("data/file", "rw")], { overlay: true }));
    const overlays = mounts.flatMap((mount) => (mount.kind === "bind" && (mount.flags & BIND.overlay) !== 0 ? [mount.source] : []));
    expect(overlays).toEqual([join(base, "work")]);
  });

  test("in a dry run a file granted by itself is read-only, for mounts and Landlock alike", () => {
    const dry = options([rule("data", "rw"), rule("data/file", "rwx")], { overlay: true });
    expect(mountAt(rootMounts(dry), "data/file")).toMatchObject({ flags: BIND.readonly });
    expect(rootRules(dry).find(({ path }) => path === join(base, "data/file"))?.access).toBe(accessFor({ read: true, write: false, exec: true }, "file"));
    expect(mountAt(rootMounts({ ...dry, overlay: false }), "data/file")).toMatchObject({ flags: 0 });
  });

  test("links are made again, each once", () => {
    const links = [{ path: join(base, "alias"), text: "data" }];
    const mounts = rootMounts(options([rule("data", "r", { links }), rule("work", "rw", { links })]));
    expect(mounts.filter(({ kind, target }) => kind === "symlink" && target.startsWith(base))).toEqual([{ kind: "symlink", target: join(base, "alias"), text: "data" }]);
  });

  test("a generated file covers the one that is visible, and is not made where its directory is the host's", () => {
    const files = [{ path: join(base, "data/file"), contents: "new" }, { path: join(base, "data/absent"), contents: "new" }, { path: "/etc/hosts", contents: "h" }];
    const mounts = rootMounts(options([rule("data", "r")], { files }));
    expect(mounts.slice(-2).map(({ target }) => target)).toEqual([join(base, "data/file"), "/etc/hosts"]);
    expect(mountAt(mounts, "data/absent")).toBeUndefined();
  });

  test("a path that has gone since the policy was read is an error where that has to be known", () => {
    expect(() => rootMounts(options([rule("gone", "rw")], { overlay: true }))).toThrow(/ENOENT/);
  });
});

describe("private directories", () => {
  test("are /tmp and its kin, and the home", () => {
    expect(privateDirectories(options([]))).toEqual(["/tmp", "/var/tmp", join(base, "home")]);
  });

  test("are not where the policy grants the host's own", () => {
    expect(privateDirectories(options([rule("/tmp", "rw"), rule("home", "r")]))).toEqual(["/var/tmp"]);
    expect(privateDirectories(options([rule(".", "r")]))).not.toContain(join(base, "home"));
  });

  test("are kept if a default happens to lie above them", () => {
    expect(privateDirectories(options([rule("/var", "r", { optional: true })]))).toContain("/var/tmp");
  });

  test("the home is its owner's alone, the others anybody's, each of the size of the limit", () => {
    const mounts = rootMounts(options([], { tmp: 12_345 }));
    expect(mountAt(mounts, "home")).toMatchObject({ kind: "tmpfs", mode: 0o700, size: 12_345 });
    expect(mountAt(mounts, "/tmp")).toMatchObject({ kind: "tmpfs", mode: 0o1777, size: 12_345 });
    expect(mountAt(mounts, "/dev/shm")).toMatchObject({ kind: "tmpfs", mode: 0o1777, size: 12_345 });
  });
});

describe("the Landlock rules", () => {
  const access = (rules: readonly { path: string; access: number }[], path: string): number | undefined => rules.find((found) => found.path === path)?.access;

  test("say what the mounts say", () => {
    const rules = rootRules(options([rule("data", "r"), rule("data/file", "rw"), rule("work", "rwx")]));
    expect(access(rules, join(base, "data"))).toBe(accessFor({ read: true, write: false, exec: false }, "directory"));
    expect(access(rules, join(base, "data/file"))).toBe(accessFor({ read: true, write: true, exec: false }, "file"));
    expect(access(rules, join(base, "work"))).toBe(accessFor({ read: true, write: true, exec: true }, "directory"));
  });

  test("of the private root give no more than to list it", () => {
    expect(access(rootRules(options([])), "/")).toBe(ACCESS.READ_DIR);
  });

  test("of the host's own root give nothing on it, and nothing private", () => {
    const paths = hostRules([rule("work", "rw")]).map(({ path }) => path);
    expect(paths).toContain(join(base, "work"));
    for (const path of ["/", "/tmp", "/dev/shm", "/dev/pts", "/run"]) expect(paths).not.toContain(path);
  });

  test("let the host's own /proc be read, and only a private one be written", () => {
    expect(access(hostRules([]), "/proc")).toBe(ACCESS.READ_DIR | ACCESS.READ_FILE);
    expect(access(rootRules(options([])), "/proc")).toBe(ACCESS.READ_DIR | ACCESS.READ_FILE | ACCESS.WRITE_FILE);
  });

  test("make no device nodes, anywhere", () => {
    for (const { access: granted } of rootRules(options([rule("work", "rwx"), rule("/usr", "rx")]))) {
      expect(granted & (ACCESS.MAKE_CHAR | ACCESS.MAKE_BLOCK)).toBe(0);
    }
  });
});

test("rules that give less than the one above them are found, as Landlock alone cannot hold them", () => {
  const paths = [rule("data", "rw"), rule("data/deep", "r"), rule("data/file", "rw"), rule("/usr", "rx"), rule("/usr/lib", "r"), rule("work", "r")];
  expect(narrowedRules(paths).map(({ path }) => path)).toEqual([join(base, "data/deep"), "/usr/lib"]);
});

test("a configuration file is meant where it really is", () => {
  symlinkSync("data/file", join(base, "link"));
  expect(configurationFile(join(base, "link"))).toBe(join(base, "data/file"));
  expect(configurationFile(join(base, "absent"))).toBe(join(base, "absent"));
});
