import type { Comparison, ContestantResult } from "./compare.js";
import type { HostFingerprint } from "./fingerprint.js";

const HEADINGS = ["", "median", "± MAD", "95 % of median", "p99", "ratio", "95 % of ratio"] as const;

/** A comparison as aligned text for a terminal. */
export function formatText(comparison: Comparison): string {
  const rows = table(comparison);
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => align(cell, widths[column] ?? 0, column)).join("  ").trimEnd());
  return [...lines, "", ...describe(comparison)].join("\n");
}

/** A comparison as a Markdown table and the host below it. */
export function formatMarkdown(comparison: Comparison): string {
  const [head = [], ...body] = table(comparison);
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = HEADINGS.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...body.map(line), "", ...describe(comparison).map((text) => `- ${text}`)].join("\n");
}

function table({ contestants }: Comparison): string[][] {
  return [[...HEADINGS], ...contestants.map(row)];
}

function row({ name, median, deviation, interval, p99, ratio }: ContestantResult): string[] {
  return [
    name,
    duration(median),
    duration(deviation),
    `${duration(interval.low)} to ${duration(interval.high)}`,
    duration(p99),
    ratio.value.toFixed(3),
    `${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)}`,
  ];
}

/** The first column holds names, the others hold figures. */
function align(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function describe({ host, rounds, warmup, cpu }: Comparison): string[] {
  const where = cpu === null ? "not pinned to a CPU" : `pinned to CPU ${cpu}`;
  return [`${rounds} rounds after ${warmup} of warm-up, interleaved, ${where}`, describeHost(host)];
}

function describeHost(host: HostFingerprint): string {
  const known: (string | null)[] = [
    `${host.cpu} x ${host.cpus}`,
    host.microcode === null ? null : `microcode ${host.microcode}`,
    host.virtual === true ? `virtual${host.machine === null ? "" : ` (${host.machine})`}` : host.machine,
    `${host.platform} ${host.kernel}`,
    host.governor === null ? null : `governor ${host.governor}`,
    host.hugePages === null ? null : `huge pages ${host.hugePages}`,
    `Node ${host.node}`,
  ];
  return known.filter((part) => part !== null).join(", ");
}

/** Three significant digits in the unit that keeps the number between 1 and 1000. */
export function duration(nanoseconds: number): string {
  const units = ["ns", "us", "ms", "s"] as const;
  let value = nanoseconds;
  let unit = 0;
  // 999.5 would round to 1000 of this unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit] ?? "s"}`;
}
