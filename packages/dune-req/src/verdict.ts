/** From check results to a verdict per engine: pure functions over data. */
import { ENGINES, type CheckResult, type Engine, type EngineVerdict, type Fix, type HostReport, type Verdict } from "./report.js";

/** What each engine gives when it works. */
const PROMISE: Readonly<Record<Engine, string>> = {
  dune: "ring 0 through the dune module",
  kvm: "ring 0 through /dev/kvm",
  process: "sandbox through namespaces, Landlock and seccomp",
};

function verdictOf(engine: Engine, verdict: Verdict, decided: readonly CheckResult[]): EngineVerdict {
  const first = decided[0];
  const because = first === undefined ? PROMISE[engine] : `${first.title}: ${first.seen}`;
  return { engine, verdict, reasons: decided.map((check) => check.id), summary: because };
}

/** The verdict about `engine`. Checks come in order, the most basic first. */
export function judgeEngine(engine: Engine, checks: readonly CheckResult[]): EngineVerdict {
  const needed = checks.filter((check) => check.engines[engine] === "needed");
  const failed = needed.filter((check) => check.status === "fail");
  if (failed.length > 0) return verdictOf(engine, "unusable", failed);
  // Nothing failed, but something that must be seen to work was not seen to work.
  const unproven = needed.filter((check) => check.status === "skip");
  if (unproven.length > 0) return verdictOf(engine, "unusable", unproven);

  const lacking = checks.filter(
    (check) => check.engines[engine] !== undefined && (check.status === "warn" || check.status === "fail"),
  );
  return verdictOf(engine, lacking.length > 0 ? "degraded" : "usable", lacking);
}

type Verdicts = HostReport["engines"];

/** The verdicts about all engines. */
export function judge(checks: readonly CheckResult[]): Verdicts {
  return {
    dune: judgeEngine("dune", checks),
    kvm: judgeEngine("kvm", checks),
    process: judgeEngine("process", checks),
  };
}

const CODE: Readonly<Record<Verdict, 0 | 1 | 2>> = { usable: 0, degraded: 1, unusable: 2 };

/** The exit code for `asked`, or for the host as a whole; see `HostReport.exitCode`. */
export function exitCodeOf(engines: Verdicts, asked?: Engine): 0 | 1 | 2 {
  if (asked !== undefined) return CODE[engines[asked].verdict];
  if (engines.dune.verdict === "usable" || engines.kvm.verdict === "usable") return 0;
  return ENGINES.some((engine) => engines[engine].verdict !== "unusable") ? 1 : 2;
}

/** The engine that `auto` takes: the first that works, with limits or without. */
export function bestEngine(engines: Verdicts, asked?: Engine): Engine | null {
  const candidates = asked === undefined ? ENGINES : [asked];
  return candidates.find((engine) => engines[engine].verdict !== "unusable") ?? null;
}

/**
 * The fix to try first. Where nothing works the process engine is the shortest way to
 * something that does; else KVM is, because it needs nothing of ours.
 */
export function firstFix(
  engines: Verdicts,
  checks: readonly CheckResult[],
  asked?: Engine,
): (Fix & { readonly check: string }) | null {
  const code = exitCodeOf(engines, asked);
  if (code === 0) return null;
  const order: readonly Engine[] = asked !== undefined ? [asked] : code === 2 ? ["process", "kvm"] : ["kvm", "process"];
  const reasons = order.flatMap((engine) => engines[engine].reasons);
  for (const id of reasons) {
    const check = checks.find((candidate) => candidate.id === id);
    if (check?.fix !== undefined) return { check: id, ...check.fix };
  }
  return null;
}

const WORKS: Readonly<Record<Engine, (limits: string) => string>> = {
  dune: (limits) => `ring 0 works here${limits}, through the dune module`,
  kvm: (limits) => `ring 0 works here${limits}, through /dev/kvm`,
  process: (limits) => `the sandbox works here${limits}, without virtualization; ring 0 does not`,
};

/** One line about the whole host, or about the engine that was asked for. */
export function summarize(engines: Verdicts, asked?: Engine): string {
  const best = bestEngine(engines, asked);
  if (best === null) return asked === undefined ? "no engine works here" : `the ${asked} engine does not work here`;
  const { verdict, reasons } = engines[best];
  const limits = verdict === "degraded" ? ` with limits (${reasons.join(", ")})` : "";
  return asked === undefined ? WORKS[best](limits) : `the ${asked} engine works here${limits}`;
}
