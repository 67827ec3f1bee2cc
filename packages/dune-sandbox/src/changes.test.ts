import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { foldChanges, formatChanges } from "./changes.js";
import { temporaryDirectory } from "./testing/native.js";
import type { Change } from "./wire.js";

const created = (path: string, size = 0): Change => ({ kind: "created", path, size });
const deleted = (path: string): Change => ({ kind: "deleted", path, size: 0 });
const nothing = (): undefined => undefined;

describe("a listing", () => {
  test("is in the order of the paths", () => {
    expect(foldChanges([created("/w/b", 1), deleted("/w/a"), { kind: "modified", path: "/w/c", size: 2 }], nothing)).toEqual([
      deleted("/w/a"), created("/w/b", 1), { kind: "modified", path: "/w/c", size: 2 },
    ]);
  });

  test("has a new directory in one line, with all that is in it", () => {
    expect(foldChanges([created("/w/d"), created("/w/d/a", 10), created("/w/d/sub"), created("/w/d/sub/b", 5), created("/w/e", 1)], nothing)).toEqual([
      { kind: "created", path: "/w/d", files: 2, size: 15 }, created("/w/e", 1),
    ]);
  });

  test("does not take a name that begins alike for something inside", () => {
    expect(foldChanges([created("/w/d"), created("/w/d/a", 1), created("/w/dd", 2)], nothing)).toEqual([
      { kind: "created", path: "/w/d", files: 1, size: 1 }, created("/w/dd", 2),
    ]);
  });

  // "-" and "." sort before "/": the neighbour comes between the directory and what is in it.
  test("has a new directory in one line beside a file called like it", () => {
    const listed = foldChanges([created("/w/build"), created("/w/build.log", 3), created("/w/build/a", 1)], nothing);
    expect(listed).toContainEqual({ kind: "created", path: "/w/build", files: 1, size: 1 });
    expect(listed).toHaveLength(2);
  });

  test("has a renamed directory in one line", () => {
    const inventory = (path: string) => (path === "/w/old" ? new Map([["/a", 10], ["/sub/b", 5]]) : undefined);
    expect(foldChanges([deleted("/w/old"), created("/w/new"), created("/w/new/a", 10), created("/w/new/sub"), created("/w/new/sub/b", 5)], inventory)).toEqual([
      { kind: "renamed", path: "/w/new", from: "/w/old", files: 2, size: 15 },
    ]);
  });

  test("does not call renamed what has changed on the way", () => {
    const inventory = (path: string) => (path === "/w/old" ? new Map([["/a", 11]]) : undefined);
    expect(foldChanges([deleted("/w/old"), created("/w/new"), created("/w/new/a", 10)], inventory).map(({ kind }) => kind)).toEqual(["created", "deleted"]);
  });

  test("gives one old directory to one new one only", () => {
    const inventory = (path: string) => (path === "/w/old" ? new Map([["/a", 1]]) : undefined);
    const listed = foldChanges([deleted("/w/old"), created("/w/x"), created("/w/x/a", 1), created("/w/y"), created("/w/y/a", 1)], inventory);
    expect(listed.map(({ kind, path }) => `${kind} ${path}`)).toEqual(["renamed /w/x", "created /w/y"]);
  });

  test.each<[what: string, changes: () => Change[], lines: number]>([
    ["files", () => Array.from({ length: 50_000 }, (_, index) => created(`/w/${index}`, 1)), 50_000],
    ["files in a new directory", () => [created("/w"), ...Array.from({ length: 50_000 }, (_, index) => created(`/w/${index}`, 1))], 1],
    ["new directories, and as many deleted", () => Array.from({ length: 20_000 }, (_, index) => [created(`/w/${index}`), created(`/w/${index}/f`, 1), deleted(`/old/${index}`)]).flat(), 40_000],
  ])("of many %s does not take for ever", (_what, changes, lines) => {
    const inventory = (path: string) => new Map([["/other", path.length]]);
    expect(foldChanges(changes(), inventory)).toHaveLength(lines);
  });

  test("asks for each deleted directory once, however many are new", () => {
    const asked: string[] = [];
    const changes = ["a", "b", "c"].flatMap((name) => [created(`/w/${name}`), created(`/w/${name}/f`, 1), deleted(`/old/${name}`)]);
    foldChanges(changes, (path) => { asked.push(path); return undefined; });
    expect(asked.sort()).toEqual(["/old/a", "/old/b", "/old/c"]);
  });

  test("looks at the host's files if nothing else is said", () => {
    const base = temporaryDirectory();
    mkdirSync(join(base, "old/sub"), { recursive: true });
    writeFileSync(join(base, "old/sub/f"), "12345");
    expect(foldChanges([deleted(join(base, "old")), created(join(base, "new")), created(join(base, "new/sub")), created(join(base, "new/sub/f"), 5)])).toMatchObject([{ kind: "renamed", from: join(base, "old") }]);
  });
});

describe("as text", () => {
  test("nothing is said to be nothing", () => {
    expect(formatChanges([])).toBe("dune-sandbox: dry run: nothing was changed\n");
  });

  test("each change is one line, whatever its name contains", () => {
    const text = formatChanges([created("/w/a\nb\u001b[2J", 3), deleted("/w/with space")]);
    expect(text.split("\n")).toHaveLength(4);
    expect(text).not.toContain("\u001b");
    expect(text).toContain("'/w/with space'");
  });
});
