import { describe, expect, it } from "vitest";
import type { NativeRun } from "./host.js";
import { errnoName, parseNative } from "./native.js";

const ended = (stdout: string, how: Partial<NativeRun> = {}): NativeRun => ({ stdout, status: 0, signal: null, error: null, ...how });

describe("a run of the native probe", () => {
  it("is complete from its first line to its last", () => {
    const facts = parseNative(ended("dune-probe=1\nstep.open=0\nexit_ps=1240000\nvendor=GenuineIntel\ndone=1\n"));
    expect(facts.trouble).toBeNull();
    expect(facts.step("open")).toBe(0);
    expect(facts.failure("open")).toBeUndefined();
    expect(facts.number("exit_ps")).toBe(1_240_000);
    expect(facts.text("vendor")).toBe("GenuineIntel");
  });

  it("names the errno of a failed step, and says nothing of one that was not reached", () => {
    const facts = parseNative(ended("dune-probe=1\nstep.open=13\ndone=1\n"));
    expect(facts.failure("open")).toBe("EACCES");
    expect(facts.step("vm")).toBeUndefined();
    expect(facts.failure("vm")).toBeUndefined();
    expect(errnoName(4095)).toBe("errno 4095");
  });

  it.each([
    ["missing", ended("", { status: null, error: "ENOENT" }), "not built"],
    ["not executable", ended("", { status: null, error: "EACCES" }), "could not be started (EACCES)"],
    ["killed by its alarm", ended("dune-probe=1\nat=answer\n", { status: null, signal: "SIGALRM" }), 'out of time in step "answer"'],
    ["crashed", ended("dune-probe=1\nat=vm\n", { status: null, signal: "SIGSEGV" }), "SIGSEGV"],
    ["cut off", ended("dune-probe=1\nat=vcpu\nstep.vc"), 'stopped early in step "vcpu"'],
    ["of another version", ended("dune-probe=2\ndone=1\n"), "another version"],
    ["something else", ended("hello\n"), "another version"],
  ])("that is %s says so", (_name, run, words) => {
    expect(parseNative(run).trouble).toContain(words);
  });

  it.each(["", "=1", "Key=1", "key", "key=\u001b[2J", `key=${"x".repeat(300)}`, `${"k".repeat(80)}=1`])("ignores the line %j", (line) => {
    const facts = parseNative(ended(`dune-probe=1\n${line}\ndone=1\n`));
    expect(facts.trouble).toBeNull();
    expect(facts.text("key")).toBeUndefined();
  });

  it.each(["", "12x", "0x10", "1e3", "99999999999999999999", "1.5"])("does not take %j for a number", (text) => {
    expect(parseNative(ended(`dune-probe=1\nexits=${text}\ndone=1\n`)).number("exits")).toBeUndefined();
  });
});
