import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SandboxError } from "./errors.js";
import { FLAG_GROUPS, FLAGS } from "./flags.js";
import type { CliOptions } from "./options.js";
import { parseCommand } from "./options.js";
import { usage } from "./usage.js";

function run(...argv: string[]): CliOptions {
  const command = parseCommand(argv, "/work");
  if (command.kind !== "run") throw new Error(`${command.kind} instead of run`);
  return command.options;
}

const refusal = (...argv: string[]) => {
  try {
    parseCommand(argv, "/work");
  } catch (error) {
    if (error instanceof SandboxError) return error;
    throw error;
  }
  throw new Error("accepted");
};

describe("parseCommand", () => {
  it("ends options at the program", () => {
    expect(run("--json", "./untrusted", "--json", "-p", "--", "x")).toMatchObject({ json: true, program: "./untrusted", args: ["--json", "-p", "--", "x"] });
    expect(run("./untrusted", "--quiet")).toMatchObject({ quiet: false, args: ["--quiet"] });
  });

  it("ends options at --, also before a program that looks like one", () => {
    expect(run("-q", "--", "--odd", "--", "a")).toMatchObject({ quiet: true, program: "--odd", args: ["--", "a"] });
  });

  it("reads short options, alone and together", () => {
    expect(run("-qp", "policy.toml", "./x", "a")).toMatchObject({ quiet: true, policyFile: "policy.toml", program: "./x", args: ["a"] });
  });

  it("turns flags into the policy's fields", () => {
    const { layer } = run(
      "--read", "~/x", "--read=/y", "--write", "out", "--exec", "/opt/t", "--profile", "node", "--env", "A", "--env", "B=1=2", "--env", "C=",
      "--allow-net", "example.org:443", "--listen", "8080", "--net", "host", "--time", "5s", "--cpu", "1m", "--memory", "512MiB", "--processes", "8",
      "--files", "unlimited", "--disk", "1GB", "--output", "10MiB", "--tmp", "1MiB", "--allow-syscall", "bpf", "./x",
    );
    expect(layer.base).toBe("/work");
    expect(layer.input).toEqual({
      profile: ["node"],
      filesystem: { read: ["~/x", "/y"], write: ["out"], exec: ["/opt/t"] },
      environment: { pass: ["A"], set: { B: "1=2", C: "" } },
      network: { allow: ["example.org:443"], listen: [8080], mode: "host" },
      limits: { wall: "5s", cpu: "1m", memory: "512MiB", processes: 8, files: "unlimited", disk: "1GB", output: "10MiB", tmp: "1MiB" },
      syscalls: { allow: ["bpf"] },
    });
  });

  it("gives each rule its flag as origin", () => {
    const { layer } = run("--read", "a b", "--read", "/y", "./x");
    expect(layer.origin(["filesystem", "read", 0])).toEqual({ kind: "flag", flag: "--read 'a b'" });
    expect(layer.origin(["filesystem", "read", 1])).toEqual({ kind: "flag", flag: "--read /y" });
  });

  it("leaves the terminal to be decided unless told", () => {
    expect([run("x").tty, run("--tty", "x").tty, run("--no-tty", "x").tty]).toEqual([undefined, true, false]);
  });

  it("shows a policy without a program", () => {
    expect(parseCommand(["--show-policy", "--read", "/x"], "/work")).toMatchObject({ kind: "show-policy" });
  });

  it("prefers help and version to everything else before the program", () => {
    expect(parseCommand(["--json", "--help"], "/").kind).toBe("help");
    expect(parseCommand(["-V"], "/").kind).toBe("version");
    expect(parseCommand(["./x", "--help"], "/").kind).toBe("run");
  });

  it.each([
    [["--raed", "x", "./p"], /no option --raed.*--read/],
    [["-z", "./p"], /no option -z/],
    [["--memroy=1", "./p"], /--memory/],
    [["--read"], /--read needs a value: --read PATH/],
    [["--read", "--write", "x"], /--read=--write/],
    [["--read="], /needs a value/],
    [["--json=1", "./p"], /takes no value/],
    [[], /no program/],
    [["-q"], /no program/],
    [["--"], /no program/],
    [[""], /empty/],
    [["--engine", "kvm", "./p"], /not in this version/],
    [["--engine", "proces", "./p"], /did you mean process/],
    [["--explain", "some", "./p"], /default, all, none/],
    [["--tty", "--no-tty", "./p"], /contradict/],
    [["--memory", "1GB", "--memory", "2GB", "./p"], /given twice/],
    [["--time", "5", "./p"], /--time 5 needs a unit: write "5s"/],
    [["--memory", "512", "./p"], /"512MiB"/],
    [["--memory", "5x", "./p"], /--memory 5x has the unknown unit/],
    [["--processes", "-1", "./p"], /--processes=-1/],
    [["--processes=-1", "./p"], /whole number/],
    [["--listen", "99999", "./p"], /port between 1 and 65535/],
    [["--allow-net", "*.example.org:443", "./p"], /wildcard/],
    [["--allow-net", "example.org", "./p"], /lacks the port/],
    [["--env", "=x", "./p"], /variable's name/],
    [["--env", "__proto__=1", "./p"], /--env __proto__=1 cannot be set/],
    [["--read", "src/*", "./p"], /wildcard/],
    [["--profile", "nod", "./p"], /--profile nod .*did you mean "node"/],
    [["--allow-syscall", "Bpf;", "./p"], /system call's name/],
    [["--read", "a\0b", "./p"], /NUL/],
  ] as const)("refuses %j", (argv, message) => {
    const error = refusal(...argv);
    expect(error.code).toBe("ERR_SANDBOX_OPTION");
    expect(error.exitCode).toBe(125);
    expect(error.message).toMatch(message);
  });

  it("throws nothing but its own error, whatever is typed", () => {
    const word = fc.oneof(fc.string(), fc.constantFrom(...[...FLAGS.keys()].map((name) => `--${name}`)), fc.constantFrom("-p", "-q", "--", "__proto__", "--env=__proto__=1"));
    fc.assert(fc.property(fc.array(word), (argv) => {
      try {
        parseCommand(argv, "/work");
        return true;
      } catch (error) {
        return error instanceof SandboxError;
      }
    }));
  });
});

describe("usage", () => {
  it("lists every flag, in lines of at most 100 columns", () => {
    const text = usage();
    for (const { name } of FLAG_GROUPS.flatMap(({ flags }) => flags)) expect(text).toContain(`--${name}`);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
