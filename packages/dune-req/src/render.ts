/** The report as text. Pure: report in, string out. */
import type { Colors } from "picocolors/types.js";
import type { CheckResult, CheckStatus, Engine, EngineVerdict, Fix, HostReport, Topic, Verdict } from "./report.js";

export interface RenderOptions {
  readonly colors: Colors;
  /** Every check, with its id and why it matters. */
  readonly verbose: boolean;
  /** The engine that was asked for. */
  readonly engine?: Engine | undefined;
}

const TOPICS: readonly Topic[] = ["host", "cpu", "kvm", "dune", "process", "cgroup"];

const SIGNS: Readonly<Record<CheckStatus, string>> = { ok: "✔", warn: "!", fail: "✖", skip: "-" };
const VERDICT_STATUS: Readonly<Record<Verdict, CheckStatus>> = { usable: "ok", degraded: "warn", unusable: "fail" };

function paint(colors: Colors, status: CheckStatus, text: string): string {
  const painters = { ok: colors.green, warn: colors.yellow, fail: colors.red, skip: colors.dim };
  return painters[status](text);
}

/**
 * Text from the host may hold anything; on a terminal it must not move the cursor.
 * Everything below space, DEL and the C1 controls are shown as a question mark.
 */
// eslint-disable-next-line no-control-regex -- control characters are what it is about
const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");

/** What to do, and the command for it on a line of its own so that it can be copied. */
export function renderFix(fix: Fix, colors: Colors, indent: string): string {
  const later = fix.effect === "now" ? "" : colors.dim(` (takes effect at the ${fix.effect})`);
  const line = `${indent}${plain(fix.text)}${later}\n`;
  return fix.command === undefined ? line : `${line}${indent}${colors.cyan(`$ ${plain(fix.command)}`)}\n`;
}

function renderCheck(check: CheckResult, width: number, { colors, verbose }: RenderOptions): string {
  const sign = paint(colors, check.status, SIGNS[check.status]);
  const line = `  ${sign} ${check.title.padEnd(width)}  ${check.status === "ok" ? colors.dim(plain(check.seen)) : plain(check.seen)}\n`;
  if (!verbose) return line;
  const fix = check.fix === undefined ? "" : renderFix(check.fix, colors, "      ");
  return `${line}      ${colors.dim(`${check.id}: ${check.why}`)}\n${fix}`;
}

function renderTopic(topic: Topic, checks: readonly CheckResult[], width: number, options: RenderOptions): string {
  const shown = checks.filter((check) => check.topic === topic && (options.verbose || check.status !== "skip"));
  if (shown.length === 0) return "";
  return `${options.colors.bold(topic)}\n${shown.map((check) => renderCheck(check, width, options)).join("")}`;
}

function renderVerdict(verdict: EngineVerdict, { colors }: RenderOptions): string {
  const status = VERDICT_STATUS[verdict.verdict];
  const name = colors.bold(verdict.engine.padEnd(7));
  return `  ${paint(colors, status, `${SIGNS[status]} `)}${name}  ${paint(colors, status, verdict.verdict.padEnd(8))}  ${plain(verdict.summary)}\n`;
}

/** The checks that bear on `engine`, or all. */
function concerning(checks: readonly CheckResult[], engine: Engine | undefined): readonly CheckResult[] {
  if (engine === undefined) return checks;
  return checks.filter((check) => check.engines[engine] !== undefined || check.topic === engine);
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The whole report: the checks, a verdict per engine, and what to do first. */
export function renderReport(report: HostReport, options: RenderOptions): string {
  const { colors, engine } = options;
  const checks = concerning(report.checks, engine);
  const width = Math.max(...checks.map((check) => check.title.length));
  const topics = TOPICS.map((topic) => renderTopic(topic, checks, width, options)).filter((text) => text !== "");
  const skipped = options.verbose ? 0 : checks.filter((check) => check.status === "skip").length;
  const verdicts = Object.values(report.engines).filter((verdict) => engine === undefined || verdict.engine === engine);
  const more = skipped === 0 ? "" : colors.dim(`${skipped} checks did not apply or were not reached: --verbose shows them\n`);
  const fix = report.fix === null ? "" : `${colors.bold("First fix")} ${colors.dim(`(${report.fix.check})`)}\n${renderFix(report.fix, colors, "  ")}`;
  return `${topics.join("")}${more}\n${colors.bold(`${capital(report.summary)}.`)}\n${verdicts.map((verdict) => renderVerdict(verdict, options)).join("")}${fix}`;
}

/** One check in full, for `--explain`. */
export function renderExplanation(check: CheckResult, colors: Colors): string {
  const needs = Object.entries(check.engines).map(([engine, need]) => `${need} by ${engine}`);
  const rows: readonly (readonly [string, string])[] = [
    ["here", `${paint(colors, check.status, `${SIGNS[check.status]} ${check.status}`)}  ${plain(check.seen)}`],
    ["why", check.why],
    ["engines", needs.length === 0 ? "informs only" : needs.join(", ")],
  ];
  const body = rows.map(([name, text]) => `  ${colors.dim(name.padEnd(7))}  ${text}\n`).join("");
  const fix = check.fix === undefined ? "" : `  ${colors.dim("fix")}\n${renderFix(check.fix, colors, "    ")}`;
  return `${colors.bold(check.title)} ${colors.dim(check.id)}\n${body}${fix}`;
}
