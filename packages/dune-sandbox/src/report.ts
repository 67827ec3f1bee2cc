/**
 * What the command line says about a run, as text. Paths, host names and everything else that the
 * program could choose is made safe to print here; nothing is written here.
 */

import { createColors } from "picocolors";
import type { Denial, DenialKind } from "./denial.js";
import { printable, quote } from "./quote.js";

export interface ReportOptions {
  readonly colour: boolean;
  /** Width of the terminal. */
  readonly columns: number;
}

/** Whether to colour what goes to `stream`: it is a terminal, and NO_COLOR (no-color.org) is not set. */
export function wantsColour(stream: { readonly isTTY?: boolean | undefined }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}

const NAME = "dune-sandbox";
const MOST_LINES = 10;
const WIDEST_SUBJECT = 44;
/** The order of the groups: what a program needs first comes first. */
const KINDS: readonly DenialKind[] = ["exec", "read", "write", "lookup", "connect", "bind", "syscall"];
const KIND_WIDTH = Math.max(...KINDS.map((kind) => kind.length));

/**
 * The denials of a run, grouped, with the flag that would allow each; empty if there were none.
 *
 * @param dropped how many there were beside `denials`
 */
export function formatDenials(denials: readonly Denial[], dropped: number, options: ReportOptions): string {
  const total = denials.length + dropped;
  if (total === 0) return "";
  const colours = createColors(options.colour);
  const sorted = [...denials].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
  const shown = sorted.slice(0, MOST_LINES);
  const width = Math.min(WIDEST_SUBJECT, Math.max(0, ...shown.map((denial) => subject(denial).length)));
  const lines = [
    colours.bold(`${NAME}: ${total === 1 ? "1 thing was" : `${total} things were`} refused`),
    ...shown.flatMap((denial) => formatDenial(denial, width, options)),
  ];
  if (total > shown.length) lines.push(colours.dim(`  and ${total - shown.length} more (--json shows ${dropped === 0 ? "all" : `${denials.length}`})`));
  if (denials.filter(({ input }) => input !== undefined).length > 1) lines.push(colours.dim("  --learn FILE writes a policy that allows them"));
  return `${lines.join("\n")}\n`;
}

function formatDenial(denial: Denial, width: number, { colour, columns }: ReportOptions): string[] {
  const colours = createColors(colour);
  const kind = denial.kind.padEnd(KIND_WIDTH);
  const what = subject(denial).padEnd(width);
  const rule = printable(denial.rule);
  const head = `  ${kind}  ${what}  ${rule}`;
  const line = `  ${colours.red(kind)}  ${what}  ${colours.dim(rule)}`;
  if (denial.allow === undefined) return [line];
  const flag = printable(denial.allow);
  const allow = `allow: ${colours.green(flag)}`;
  const fits = head.length + "  allow: ".length + flag.length <= columns;
  return fits ? [`${line}  ${allow}`] : [line, `${" ".repeat(KIND_WIDTH + 4)}${allow}`];
}

function subject({ kind, path, address, syscall, count }: Denial): string {
  const named = kind === "syscall" ? syscall : address ?? path ?? syscall;
  const text = named === path ? quote(named) : printable(named);
  return count === 1 ? text : `${text} (${count} times)`;
}

/** A bound that ended a run, by the name it has in a policy. */
export type LimitName = "wall" | "cpu" | "memory" | "processes" | "disk" | "output";

const LIMITS: Readonly<Record<LimitName, { readonly flag: string; readonly text: (bound: number) => string }>> = {
  wall: { flag: "--time", text: (bound) => `wall time ${duration(bound)}` },
  cpu: { flag: "--cpu", text: (bound) => `CPU time ${duration(bound)}` },
  memory: { flag: "--memory", text: (bound) => `memory ${size(bound)}` },
  processes: { flag: "--processes", text: (bound) => `${bound} processes` },
  disk: { flag: "--disk", text: (bound) => `disk writes ${size(bound)}` },
  output: { flag: "--output", text: (bound) => `output ${size(bound)}` },
};

/** `stopped: wall time 5 s`. `bound` is the limit in milliseconds, bytes or processes. */
export function limitText(limit: LimitName, bound: number): string {
  return `stopped: ${LIMITS[limit].text(bound)}`;
}

/** The line that says which limit ended the run. */
export function formatLimit(limit: LimitName, bound: number, { colour }: ReportOptions): string {
  const colours = createColors(colour);
  return `${colours.bold(`${NAME}: ${limitText(limit, bound)}`)} ${colours.dim(`(${LIMITS[limit].flag} sets the limit)`)}\n`;
}

/** The line that says which layers of protection were off; empty if none was. */
export function formatLayers(on: readonly string[], off: readonly string[], { colour }: ReportOptions): string {
  if (off.length === 0) return "";
  const colours = createColors(colour);
  const layers = off.length === 1 ? "layer" : "layers";
  return `${colours.yellow(`${NAME}: ran without the ${layers} ${off.join(", ")}`)} ${colours.dim(`(on: ${on.join(", ") || "none"})`)}\n`;
}

/** The line that warns of unix sockets in granted directories; empty if there are none. */
export function formatSockets(sockets: readonly string[], { colour }: ReportOptions): string {
  if (sockets.length === 0) return "";
  const colours = createColors(colour);
  const shown = sockets.slice(0, 3).map(quote).join(", ");
  const more = sockets.length > 3 ? ` and ${sockets.length - 3} more` : "";
  return `${colours.yellow(`${NAME}: warning: the program could talk to whoever listens on ${shown}${more}`)} ${colours.dim("(no layer can refuse a unix socket in a granted directory)")}\n`;
}

/** What a terminal might act on and JSON leaves as it is: C1 controls, bidi overrides, line separators. */
const UNESCAPED = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu;

/** `event` as one line of JSON that is safe on a terminal, too. */
export function jsonLine(event: object): string {
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  // A character beyond U+FFFF is two escapes in JSON, one for each UTF-16 unit.
  return `${JSON.stringify(event).replace(UNESCAPED, (character) => character.split("").map(escape).join(""))}\n`;
}

function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  return ms < 120_000 ? `${rounded(ms / 1000)} s` : `${rounded(ms / 60_000)} min`;
}

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${rounded(bytes / 1024 ** power)} ${units[power] ?? "B"}`;
}

/** At most one decimal, none if it is zero. */
function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
