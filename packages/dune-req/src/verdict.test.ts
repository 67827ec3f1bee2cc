import { describe, expect, it } from "vitest";
import type { CheckResult, CheckStatus, Engine, Need } from "./report.js";
import { bestEngine, exitCodeOf, firstFix, judge, judgeEngine, summarize } from "./verdict.js";

function check(id: string, status: CheckStatus, engines: Partial<Record<Engine, Need>>, fix?: string): CheckResult {
  const base = { id, topic: "host", title: id, status, seen: "seen", why: "why", engines } as const;
  return fix === undefined ? base : { ...base, fix: { text: fix, effect: "now" } };
}

/** An engine that fails for want of one thing. */
const without = (...engines: readonly Engine[]) => engines.map((engine) => check(`host.${engine}`, "fail", { [engine]: "needed" }, `fix ${engine}`));

describe("the verdict about an engine", () => {
  it.each([
    ["usable", "needed", "ok"],
    ["degraded", "needed", "warn"],
    ["unusable", "needed", "fail"],
    ["unusable", "needed", "skip"],
    ["usable", "wanted", "ok"],
    ["degraded", "wanted", "warn"],
    ["degraded", "wanted", "fail"],
    ["usable", "wanted", "skip"],
  ] as const)("is %s if something %s is %s", (verdict, need, status) => {
    expect(judgeEngine("kvm", [check("host.a", status, { kvm: need })]).verdict).toBe(verdict);
  });

  it("is not moved by checks that only inform, or that concern another engine", () => {
    expect(judgeEngine("kvm", [check("host.a", "fail", {}), check("host.b", "fail", { process: "needed" })]).verdict).toBe("usable");
  });

  it("names failures, and not what could not be reached because of them", () => {
    const checks = [check("host.a", "skip", { kvm: "needed" }), check("host.b", "fail", { kvm: "needed" }), check("host.c", "warn", { kvm: "wanted" })];
    expect(judgeEngine("kvm", checks).reasons).toEqual(["host.b"]);
  });
});

describe("the verdict about a host", () => {
  it.each([
    [[], 0, "dune"],
    [["dune"], 0, "kvm"],
    [["dune", "kvm"], 1, "process"],
    [["dune", "process"], 0, "kvm"],
    [["dune", "kvm", "process"], 2, null],
  ] as const)("without %j exits with %i and takes %s", (lacking, code, best) => {
    const engines = judge(without(...lacking));
    expect(exitCodeOf(engines)).toBe(code);
    expect(bestEngine(engines)).toBe(best);
  });

  it("fixes the process engine first where nothing works, else KVM", () => {
    const nothing = without("dune", "kvm", "process");
    expect(firstFix(judge(nothing), nothing)?.text).toBe("fix process");
    const onlyProcess = without("dune", "kvm");
    expect(firstFix(judge(onlyProcess), onlyProcess)?.text).toBe("fix kvm");
    expect(firstFix(judge(nothing), nothing, "dune")?.text).toBe("fix dune");
    expect(firstFix(judge([]), [])).toBeNull();
  });

  it("says in one line what works, and that it has limits", () => {
    const limited = judge([...without("dune", "kvm"), check("host.user", "warn", { process: "wanted" })]);
    expect(summarize(limited)).toBe("the sandbox works here with limits (host.user), without virtualization; ring 0 does not");
    expect(summarize(limited, "process")).toBe("the process engine works here with limits (host.user)");
    expect(summarize(limited, "kvm")).toBe("the kvm engine does not work here");
    expect(summarize(judge(without("dune", "kvm", "process")))).toBe("no engine works here");
  });
});
