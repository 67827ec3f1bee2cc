/** `--fix`: one command at a time, shown first, run only after a yes, checked afterwards. */
import type { CheckResult, Engine, Fix, HostReport } from "./report.js";

/** A fix that a command can carry out, and the check it is for. */
export interface Repair {
  readonly check: CheckResult;
  readonly fix: Fix & { readonly command: string };
}

/** What `runRepairs` needs from the outside. */
export interface RepairIo {
  say(text: string): void;
  /** Ask about one repair; `null`: the person wants to stop. */
  ask(repair: Repair): Promise<boolean | null>;
  /** Run a shell command on the terminal; its exit status. */
  run(command: string): Promise<number>;
  recheck(): Promise<HostReport>;
}

/** The repairs for what keeps `engine` (or any engine) from being usable; the same command once. */
export function repairsOf(report: HostReport, engine?: Engine): readonly Repair[] {
  const verdicts = engine === undefined ? Object.values(report.engines) : [report.engines[engine]];
  const reasons = new Set(verdicts.flatMap((verdict) => verdict.reasons));
  const repairs = new Map<string, Repair>();
  for (const check of report.checks) {
    const { fix } = check;
    if (!reasons.has(check.id) || fix?.command === undefined || repairs.has(fix.command)) continue;
    repairs.set(fix.command, { check, fix: { ...fix, command: fix.command } });
  }
  return [...repairs.values()];
}

function describe(repair: Repair, status: number, after: HostReport): string {
  const { check, fix } = repair;
  const now = after.checks.find((candidate) => candidate.id === check.id);
  if (status !== 0) return `the command ended with status ${status}; ${check.title}: ${now?.seen ?? "gone"}`;
  if (now?.status === "ok") return `${check.title}: ${now.seen}`;
  if (fix.effect !== "now") return `${check.title}: takes effect at the ${fix.effect}`;
  return `${check.title}: still not right (${now?.seen ?? "gone"})`;
}

/** Go through the repairs of `report`; returns the report after the last one that ran. */
export async function runRepairs(report: HostReport, io: RepairIo, engine?: Engine): Promise<HostReport> {
  const repairs = repairsOf(report, engine);
  if (repairs.length === 0) io.say("There is nothing here that a command could fix.");
  let latest = report;
  for (const repair of repairs) {
    // An earlier repair may have taken care of this one.
    if (latest.checks.find((check) => check.id === repair.check.id)?.status === "ok") continue;
    const answer = await io.ask(repair);
    if (answer === null) break;
    if (!answer) continue;
    const status = await io.run(repair.fix.command);
    latest = await io.recheck();
    io.say(describe(repair, status, latest));
  }
  return latest;
}
