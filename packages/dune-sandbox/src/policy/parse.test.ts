import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PolicyError, SandboxError } from "../errors.js";
import { parsePolicy, policyLayer, readPolicyFile } from "./parse.js";

function problem(text: string, file = "policy.toml"): PolicyError {
  return thrown(() => parsePolicy(text, file, "/work"));
}

function thrown(action: () => unknown): PolicyError {
  try {
    action();
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error("accepted");
}

const TOML = `profile = ["node"]
[filesystem]
read = ["~/data"]
[limits]
memory = "512MiB"
processes = 64
`;
const JSONC = `{
  // with comments and a last comma
  "profile": ["node"],
  "filesystem": { "read": ["~/data"] },
  "limits": { "memory": "512MiB", "processes": 64 },
}`;

describe("parsePolicy", () => {
  it("reads the same from TOML and from JSON with comments", () => {
    const expected = { profile: ["node"], filesystem: { read: ["~/data"] }, limits: { memory: "512MiB", processes: 64 } };
    expect(parsePolicy(TOML, "a.toml").input).toEqual(expected);
    expect(parsePolicy(JSONC, "a.json").input).toEqual(expected);
  });

  it("goes by the first character where the extension says nothing", () => {
    expect(parsePolicy(JSONC, "policy").input).toEqual(parsePolicy(TOML, "policy").input);
    expect(parsePolicy(`// a comment\n${JSONC}`, "policy").input).toEqual(parsePolicy(TOML, "policy").input);
    expect(parsePolicy(`\uFEFF${TOML}`, "policy").input).toEqual(parsePolicy(TOML, "policy").input);
  });

  it("knows the line of each rule, and where relative paths start", () => {
    for (const [text, line] of [[TOML, 3], [JSONC, 4]] as const) {
      const layer = parsePolicy(text, "sub/p", "/work");
      expect(layer.origin(["filesystem", "read", 0])).toEqual({ kind: "file", file: "sub/p", line });
      expect(layer.base).toBe("/work/sub");
    }
  });

  it("shows the line with a caret under the value", () => {
    const error = problem('[limits]\nmemory = "5x"\n');
    expect(error).toMatchObject({ code: "ERR_SANDBOX_POLICY", file: "policy.toml", line: 2, column: 10, field: "limits.memory" });
    expect(error.message.split("\n").slice(1)).toEqual(['  2 | memory = "5x"', "    |          ^"]);
  });

  it("puts the caret under the character after tabs and wide text too", () => {
    const error = problem('{\t"limits": {"größe": 1}}', "p.json");
    const [, line = "", caret = ""] = error.message.split("\n");
    expect(line.slice(caret.indexOf("^"))).toMatch(/^"größe"/);
  });

  it.each([
    ["memroy", "[limits]\nmemroy = 1", 2, 1, 'limits.memroy is not a field of a policy; did you mean "limits.memory"?'],
    ["a section", "[limit]\nmemory = 1", 1, 2, 'did you mean "limits"?'],
    ["the wrong section", "[network]\nmemory = 1", 2, 1, 'did you mean "limits.memory"?'],
    ["no section", "memory = 1", 1, 1, 'did you mean "limits.memory"?'],
    ["a field we never had", "[filesystem]\nzzz = []", 2, 1, "known here: read, write, exec"],
    ["a profile", 'profile = ["git", "nod"]', 1, 19, 'did you mean "node"?'],
    ["a mode", '[network]\nmode = "hots"', 2, 8, 'did you mean "host"?'],
    ["an inherited name", "toString = 1", 1, 1, "toString is not a field"],
    ["a dangerous name", '"__proto__" = 1', 1, 1, "__proto__ is not a field"],
  ])("helps with a misspelt name: %s", (_, text, line, column, message) => {
    const error = problem(text);
    expect(error).toMatchObject({ line, column });
    expect(error.message).toContain(message);
  });

  it.each([
    ["a duplicate key", '[limits]\nmemory = "1GB"\nmemory = "2GB"', 3],
    ["a text for a list", '\n[filesystem]\nread = "x"', 3],
    ["a number in a list of paths", '[filesystem]\nread = [\n "a",\n 3]', 4],
    ["a section that is none", "limits = 3", 1],
    ["a section that is a date", "limits = 1979-05-27", 1],
    ["NaN", "[limits]\nmemory = nan", 2],
    ["infinity", "[limits]\nprocesses = inf", 2],
    ["a huge integer", "[limits]\nprocesses = 99999999999999999999", 2],
    ["a fraction of a process", "[limits]\nprocesses = 1.5", 2],
    ["a time without a unit", "[limits]\nwall = 5", 2],
    ["a date", "[limits]\nwall = 1979-05-27", 2],
    ["a NUL in a path", '[filesystem]\nread = ["a\\u0000b"]', 2],
    ["a wildcard", '[filesystem]\nread = ["a", "src/*.c"]', 2],
    ["another user's home", '[filesystem]\nread = ["~root"]', 2],
    ["an empty path", '[filesystem]\nread = [""]', 2],
    ["a variable with =", '[environment.set]\n"A=B" = "1"', 2],
    ["a variable that would vanish", '[environment.set]\nconstructor = "1"', 2],
    ["a wildcard host", '[network]\nallow = ["*.x.org:1"]', 2],
    ["an IPv6 address", '[network]\nallow = ["[::1]:1"]', 2],
    ["an array of tables", "[[limits]]\nmemory = 1", 1],
    ["broken TOML", "[limits]\nmemory = ", 2],
    ["a control character", "a = \"\x01\"", 1],
    ["deep nesting", `a = ${"[".repeat(100_000)}`, 1],
  ])("refuses %s, and says on which line", (_, text, line) => {
    expect(problem(text)).toMatchObject({ line, file: "policy.toml" });
  });

  it.each([
    ["a duplicate key", '{"limits":{},\n"limits":{}}', 2, /there twice/],
    ["broken JSON", '{"limits": {\n"memory" 1}}', 2, /colon is expected/],
    ["two values", "{}\n{}", 2, /end of file is expected/],
    ["a list", "[]", 1, /must be a table/],
    ["a list for a section", '{\n"limits": []}', 2, /limits must be a table/],
    ["a number too large", '{"limits":\n{"processes": 1e999}}', 2, /too large/],
    ["deep nesting", "[".repeat(500_000), 1, /nested too deeply/],
    ["only a comment", "// nothing", 1, /./],
  ])("refuses %s in JSON", (_, text, line, message) => {
    const error = problem(text, "policy.json");
    expect(error.line).toBe(line);
    expect(error.message).toMatch(message);
  });

  it("refuses an empty policy and says how to write one that grants nothing", () => {
    for (const text of ["", " \n", "\uFEFF"]) expect(problem(text).message).toMatch(/is empty.*\{\}/);
    expect(parsePolicy("{}", "p").input).toEqual({});
    expect(parsePolicy("# nothing more", "p").input).toEqual({});
  });

  it("reports the first of several problems", () => {
    expect(problem('[limits]\nzzz = 1\n[network]\nmode = "x"\n[filesystem]\nread = 1')).toMatchObject({ line: 2 });
  });

  it("does not let a policy write to the terminal", () => {
    for (const line of problem('"\\u001b[2J" = "\u202E"').message.split("\n")) expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it("throws nothing but its own error on any text", () => {
    const name = fc.constantFrom("p.toml", "p.json", "p");
    const mutated = fc.tuple(fc.constantFrom(TOML, JSONC), fc.nat(150), fc.nat(5), fc.string({ maxLength: 4 }))
      .map(([text, at, cut, insert]) => text.slice(0, at) + insert + text.slice(at + cut));
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), mutated), name, (text, file) => {
      try {
        parsePolicy(text, file, "/");
        return true;
      } catch (error) {
        return error instanceof SandboxError;
      }
    }), { numRuns: 500 });
  });
});

describe("readPolicyFile", () => {
  let directory: string;
  beforeAll(() => { directory = mkdtempSync(join(tmpdir(), "dune-policy-")); });
  afterAll(() => { rmSync(directory, { recursive: true }); });
  const problemOf = (name: string) => thrown(() => readPolicyFile(name, directory));

  it("reads a file relative to the working directory", () => {
    writeFileSync(join(directory, "good.toml"), TOML);
    expect(readPolicyFile("good.toml", directory)).toMatchObject({ base: directory, file: join(directory, "good.toml"), input: { profile: ["node"] } });
  });

  it("says so if there is no such file, or if it is a directory", () => {
    mkdirSync(join(directory, "folder.toml"));
    expect(problemOf("missing.toml").message).toMatch(/missing.toml cannot be read: there is no such file/);
    expect(problemOf("folder.toml").message).toMatch(/is a directory/);
    expect(problemOf("a\0b").message).toMatch(/NUL/);
  });

  it("says so if it may not be read", ({ skip }) => {
    skip(process.getuid?.() === 0, "root may read every file");
    writeFileSync(join(directory, "secret.toml"), TOML, { mode: 0 });
    expect(problemOf("secret.toml").message).toMatch(/permission denied/);
  });

  it("refuses a file of 10 MB without reading all of it", () => {
    writeFileSync(join(directory, "huge.toml"), Buffer.alloc(10_000_000, "#"));
    expect(problemOf("huge.toml").message).toMatch(/larger than 1 MiB/);
  });

  it("refuses bytes that are not UTF-8, and says where", () => {
    writeFileSync(join(directory, "latin1.toml"), Buffer.from('# fine\n[filesystem]\nread = ["gr\xf6\xdfe"]\n', "latin1"));
    expect(problemOf("latin1.toml")).toMatchObject({ line: 3, column: 12 });
    writeFileSync(join(directory, "replacement.toml"), Buffer.concat([Buffer.from('a = "\uFFFD"\nb = "'), Buffer.of(0xff), Buffer.from('"')]));
    expect(problemOf("replacement.toml")).toMatchObject({ line: 2, column: 6 });
  });

  it("reads a long string and many lines within the size allowed", () => {
    writeFileSync(join(directory, "long.toml"), `[environment.set]\nA = """${"x\n".repeat(200_000)}"""\nB = "${"y".repeat(400_000)}"\n`);
    expect(Object.keys(readPolicyFile("long.toml", directory).input.environment?.set ?? {})).toEqual(["A", "B"]);
  });
});

describe("policyLayer", () => {
  it("accepts numbers of bytes and milliseconds, unlike a file", () => {
    expect(policyLayer({ limits: { wall: 5000, memory: 1 << 30 } }, "/work")).toMatchObject({ base: "/work", input: { limits: { wall: 5000 } } });
  });

  it("names the field of a wrong value", () => {
    expect(thrown(() => policyLayer({ limits: { memory: "5x" } }, "/"))).toMatchObject({ field: "limits.memory", message: expect.stringContaining("limits.memory has the unknown unit") as string });
    expect(thrown(() => policyLayer({ filesystem: { raed: [] } } as never, "/")).message).toMatch(/did you mean "filesystem.read"/);
    expect(thrown(() => policyLayer(null as never, "/")).message).toMatch(/must be a table/);
  });

  it("keeps its own copy of what it checked", () => {
    const read = ["/a"];
    const layer = policyLayer({ filesystem: { read } }, "/");
    read.push("/b");
    expect(layer.input.filesystem?.read).toEqual(["/a"]);
  });
});
