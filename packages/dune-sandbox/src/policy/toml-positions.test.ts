import { parse, stringify } from "smol-toml";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeOf } from "./excerpt.js";
import type { FieldPath } from "./input.js";
import { tomlPositions } from "./toml-positions.js";

const text = `# comment = "no"
top = 1
a.b . "c d" = 2
[limits] # [not.this]
memory = "5 # x"
text = """
[fake]
key = 1"""
raw = '''
list = ["x"]'''
list = [
  "one", # , "zero"
  [ 1, 2 ],
  'three', "f]our",
]
inline = { x = 1, y.z = [ true ] }
"quoted \\u0041" = 1979-05-27 07:32:00
[x.y]
z = 0x1F
[[tables]]
n = 1
[[tables]]
n = 2
[tables.sub]
m = 3
`;

const positions = tomlPositions(text);
const lineOf = (field: FieldPath) => {
  const offsets = positions(field);
  return offsets === undefined ? undefined : placeOf(text, offsets.value).line;
};

describe("tomlPositions", () => {
  it.each<[FieldPath, number]>([
    [["top"], 2],
    [["a", "b", "c d"], 3],
    [["limits"], 4],
    [["limits", "memory"], 5],
    [["limits", "text"], 6],
    [["limits", "raw"], 9],
    [["limits", "list"], 11],
    [["limits", "list", 0], 12],
    [["limits", "list", 1, 1], 13],
    [["limits", "list", 3], 14],
    [["limits", "inline", "y", "z", 0], 16],
    [["limits", "quoted A"], 17],
    [["x", "y", "z"], 19],
    [["tables", 1, "n"], 23],
    [["tables", 1, "sub", "m"], 25],
  ])("finds %j on line %i", (field, line) => {
    expect(lineOf(field)).toBe(line);
  });

  it("tells a name's column from its value's", () => {
    expect(positions(["limits", "memory"])).toEqual({ key: text.indexOf("memory"), value: text.indexOf('"5 #') });
    expect(positions(["limits", "list", 3])).toEqual({ key: undefined, value: text.indexOf('"f]our"') });
  });

  it("does not take what stands in strings and comments for fields", () => {
    expect(positions(["comment"])).toBeUndefined();
    expect(positions(["fake"])).toBeUndefined();
    expect(positions(["limits", "key"])).toBeUndefined();
  });

  it("finds every field of any TOML that the parser's own writer produces", () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.double({ noNaN: true }));
    const name = fc.string({ minLength: 1 }).filter((key) => key !== "__proto__");
    const table = fc.dictionary(name, fc.oneof(leaf, fc.array(leaf), fc.dictionary(name, leaf)));
    fc.assert(fc.property(table, (value) => {
      const source = stringify(value);
      const find = tomlPositions(source);
      for (const field of leaves(parse(source), [])) expect(find(field), `${JSON.stringify(field)} in\n${source}`).toBeDefined();
    }));
  });

  it("comes to an end on any text", () => {
    fc.assert(fc.property(fc.string(), (source) => {
      tomlPositions(source);
    }));
  });
});

function leaves(value: unknown, path: FieldPath): FieldPath[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((element, index) => leaves(element, [...path, index]))];
  if (typeof value === "object" && value !== null) return Object.entries(value).flatMap(([key, element]) => leaves(element, [...path, key]));
  return [path];
}
