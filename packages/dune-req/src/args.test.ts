import { describe, expect, it } from "vitest";
import { parseArguments } from "./args.js";
import { DuneReqError } from "./errors.js";

function refusal(argv: readonly string[]): DuneReqError {
  try {
    parseArguments(argv);
  } catch (error) {
    if (error instanceof DuneReqError) return error;
    throw error;
  }
  throw new Error(`accepted ${argv.join(" ")}`);
}

describe("the command line", () => {
  it("asks for nothing by default", () => {
    expect(parseArguments([])).toEqual({ json: false, verbose: false, fix: false, help: false, version: false });
  });

  it("takes an engine and an id, in both spellings", () => {
    expect(parseArguments(["--engine", "kvm", "--explain=kvm.speed", "-v"])).toMatchObject({ engine: "kvm", explain: "kvm.speed", verbose: true });
  });

  it.each([
    [["--bogus"], "--bogus"],
    [["--engine", "xen"], "xen"],
    [["--engine"], "--engine"],
    [["stray"], "stray"],
    [["--json=yes"], "--json"],
    [["--fix", "--json"], "--fix"],
    [["-x"], "-x"],
  ])("refuses %j and names the culprit", (argv, word) => {
    const error = refusal(argv);
    expect(error.code).toBe("ERR_REQ_USAGE");
    expect(error.message).toContain(word);
    expect(error.message).not.toContain("\n");
    expect(error.fix).toContain("--help");
  });
});
