import { expect, test } from "vitest";
import type { Origin, PathRule } from "./policy/policy.js";
import { authority, visibility } from "./visibility.js";

const rule = (path: string): PathRule => ({ path, read: true, write: false, exec: false, origin: { kind: "default" }, links: [], optional: false });
const policy = { paths: ["/usr", "/home/me/project", "/home/me/project/secret"].map(rule) };
const see = (path: string) => visibility(path, policy, ["/tmp", "/home/other"]);

test("the longest rule decides", () => {
  expect(see("/home/me/project/secret/key")).toMatchObject({ kind: "rule", rule: { path: "/home/me/project/secret" } });
  expect(see("/home/me/project/secrets")).toMatchObject({ kind: "rule", rule: { path: "/home/me/project" } });
  expect(see("/usr")).toMatchObject({ kind: "rule", rule: { path: "/usr" } });
});

test("what leads to a rule is a skeleton", () => {
  for (const path of ["/", "/home", "/home/me"]) expect(see(path)).toEqual({ kind: "skeleton" });
});

test("what leads nowhere is hidden, and the highest hidden directory is named", () => {
  expect(see("/srv/data/x")).toEqual({ kind: "hidden", top: "/srv" });
  expect(see("/srv")).toEqual({ kind: "hidden", top: "/srv" });
  expect(see("/home/me/.ssh/id_rsa")).toEqual({ kind: "hidden", top: "/home/me/.ssh" });
  expect(see("/usrlocal")).toEqual({ kind: "hidden", top: "/usrlocal" });
  expect(visibility("/a/b", { paths: [] }, [])).toEqual({ kind: "hidden", top: "/a" });
});

test("a private directory hides the host's, unless a rule lies deeper", () => {
  expect(see("/home/other/.ssh")).toEqual({ kind: "private", directory: "/home/other" });
  expect(visibility("/home/me/project/x", policy, ["/home/me"])).toMatchObject({ kind: "rule" });
  expect(visibility("/home/me/x", policy, ["/home/me"])).toEqual({ kind: "private", directory: "/home/me" });
});

test.each<[Origin, string]>([
  [{ kind: "default" }, "default policy"],
  [{ kind: "profile", name: "node" }, "profile node"],
  [{ kind: "file", file: "policy.toml", line: 3 }, "policy.toml:3"],
  [{ kind: "flag", flag: "--read /srv" }, "flag --read /srv"],
  [{ kind: "api" }, "policy object"],
])("the authority of %j is named", (origin, text) => {
  expect(authority(origin)).toBe(text);
});
