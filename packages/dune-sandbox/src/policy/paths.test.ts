import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { absolutePath, isWithin, resolveHostPath } from "./paths.js";

let root: string;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "dune-paths-")));
  mkdirSync(join(root, "a/b"), { recursive: true });
  mkdirSync(join(root, "v2/data"), { recursive: true });
  writeFileSync(join(root, "file"), "");
  symlinkSync("v2", join(root, "current"));
  symlinkSync(join(root, "current/data"), join(root, "a/absolute"));
  symlinkSync("../../v2", join(root, "a/b/up"));
  symlinkSync("loop", join(root, "loop"));
});
afterAll(() => { rmSync(root, { recursive: true }); });

describe("resolveHostPath", () => {
  it.each(["a/b", "current/data", "a/absolute", "a/b/up/data/..", "a//./b/", "file", "a/../file"])("agrees with realpath(3) on %s", (path) => {
    expect(resolveHostPath(`${root}/${path}`).path).toBe(realpathSync(`${root}/${path}`));
  });

  it("keeps every link on the way, each at its real place", () => {
    expect(resolveHostPath(`${root}/a/absolute`).links).toEqual([
      { path: `${root}/a/absolute`, text: `${root}/current/data` },
      { path: `${root}/current`, text: "v2" },
    ]);
  });

  it("takes .. after a link, as the kernel does", () => {
    expect(resolveHostPath(`${root}/a/b/up/..`).path).toBe(root);
  });

  it.each([["missing", "ENOENT"], ["missing/..", "ENOENT"], ["file/x", "ENOTDIR"], ["file/..", "ENOTDIR"], ["loop", "ELOOP"]])("fails on %s with %s", (path, code) => {
    expect(() => resolveHostPath(`${root}/${path}`)).toThrow(expect.objectContaining({ code }));
  });
});

describe("absolutePath", () => {
  it("knows ~, absolute and relative paths", () => {
    const of = (text: string) => absolutePath(text, "/base", "/home/u");
    expect([of("~"), of("~/x"), of("/x"), of("x"), of("./x")]).toEqual(["/home/u", "/home/u/x", "/x", "/base/x", "/base/./x"]);
  });
});

describe("isWithin", () => {
  it("compares whole components", () => {
    expect([isWithin("/a/b", "/a"), isWithin("/a", "/a"), isWithin("/ab", "/a"), isWithin("/a", "/")]).toEqual([true, true, false, true]);
  });
});
