import { describe, expect, it } from "vitest";
import { suggest } from "./suggest.js";

describe("suggest", () => {
  const known = ["read", "write", "exec", "memory", "processes"];

  it.each([["raed", "read"], ["wrtie", "write"], ["memroy", "memory"], ["Memory", "memory"], ["process", "processes"], ["exe", "exec"]])("takes %s for %s", (typed, meant) => {
    expect(suggest(typed, known)).toBe(meant);
  });

  it.each(["x", "network", "colour", "", "read".repeat(100)])("has nothing to offer for %j", (typed) => {
    expect(suggest(typed, known)).toBeUndefined();
  });
});
