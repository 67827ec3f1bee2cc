import { FLAG_GROUPS } from "./flags.js";
import type { Flag } from "./flags.js";

const COLUMN = 26;

const HEAD = `Usage: dune-sandbox [options] PROGRAM [arguments...]

Runs an untrusted program. Without options it may read the system's directories,
use the working directory, and nothing else: no network, no home, no secrets.
Options end at PROGRAM; everything after it is the program's.`;

const TAIL = `Exit status: the program's own; 128+N if signal N killed it; 124 if a limit did;
125 if the sandbox failed, or its options or policy are wrong; 126 if PROGRAM
cannot be executed; 127 if there is none.

Examples:
  dune-sandbox ./untrusted input.csv
  dune-sandbox --read ~/data --allow-net example.org:443 --time 30s ./untrusted
  dune-sandbox --learn policy.toml ./untrusted && dune-sandbox -p policy.toml ./untrusted`;

/** The text of `--help`, at most 100 columns wide. */
export function usage(): string {
  const groups = FLAG_GROUPS.map(({ title, flags }) => [`${title}:`, ...flags.map(line)].join("\n"));
  return [HEAD, ...groups, TAIL, ""].join("\n\n").trimEnd() + "\n";
}

function line({ name, short, value, help }: Flag): string {
  const flag = `  ${short === undefined ? "   " : `-${short},`} --${name}${value === undefined ? "" : ` ${value}`}`;
  const width = COLUMN + 4;
  return flag.length < width ? `${flag.padEnd(width)}${help}` : `${flag}\n${" ".repeat(width)}${help}`;
}
