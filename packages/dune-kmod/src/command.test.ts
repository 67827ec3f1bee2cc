import { describe, expect, it } from "vitest";
import { runCommand } from "./command.js";
import { version } from "../package.json";

describe("dune-kmod", () => {
  it("prints its version and its usage", () => {
    expect(runCommand(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
    expect(runCommand(["--help"]).stdout).toMatch(/^Usage: dune-kmod status/);
  });

  it.each([
    [[], "a command is missing"],
    [["stat"], "there is no command \"stat\""],
    [["status", "now"], "status takes no argument \"now\""],
    [["status", "--yaml"], "--yaml"],
  ])("refuses %j and names the help", (args, message) => {
    const { status, stdout, stderr } = runCommand(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain("(fix: dune-kmod --help)");
  });

  it("prints the status for people and for programs, with the same exit status", ({ skip }) => {
    if (process.platform !== "linux") skip("only on Linux");
    const text = runCommand(["status"]);
    const json = runCommand(["status", "--json"]);
    const parsed = JSON.parse(json.stdout) as { module: { loaded: boolean } };
    expect(text.stdout).toMatch(parsed.module.loaded ? /^dune\.ko +loaded/ : /^dune\.ko +not loaded/);
    expect(json.status).toBe(text.status);
    if (!parsed.module.loaded) expect(json.status).toBe(1);
  });
});
