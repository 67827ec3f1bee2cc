/**
 * What the jail costs: starting /bin/true in it, and one system call inside, beside bubblewrap and beside nothing.
 *
 *     pnpm --filter @dune/sandbox bench [ROUNDS]
 *
 * The contestants run in turn (A B C A B C), so that whatever slows the machine slows all of them.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { duration, median, medianInterval, ratioInterval } from "@dune/bench";
import { bareBubblewrap, equalBubblewrap, jailed, native } from "./contestants.js";
import type { Contestant } from "./contestants.js";

const ROUNDS = Number(process.argv[2] ?? 200);
const CALL_ROUNDS = 7;
/** Numbers that `calls` prints. */
const FIGURES = 3;
const SOURCES = join(process.cwd(), "bench");

/** Compiles `launch` and `calls` into `directory`/bin. */
function build(directory: string): void {
  mkdirSync(join(directory, "bin"));
  mkdirSync(join(directory, "work"));
  execFileSync("cc", ["-O2", "-o", join(directory, "launch"), join(SOURCES, "launch.c")]);
  // Static, so that the program's own start is as short as it can be.
  execFileSync("cc", ["-O2", "-static", "-o", join(directory, "bin/calls"), join(SOURCES, "calls.c")]);
}

function launch(directory: string, rounds: number, contestants: readonly Contestant[]): string {
  const words = contestants.flatMap((contestant, index) => (index === 0 ? contestant.words : ["---", ...contestant.words]));
  return execFileSync(join(directory, "launch"), [String(rounds), ...words], {
    encoding: "utf8", cwd: join(directory, "work"), stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 26,
  });
}

/** One list of nanoseconds for each contestant, entry `i` from round `i`. */
function columns(text: string): number[][] {
  const rows = text.trim().split("\n").map((line) => line.split(" ").map(Number));
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? NaN));
}

function startUp(directory: string): void {
  const command = ["/bin/true"];
  const contestants = [
    jailed(directory, command, { name: "dune-jail", explain: "default" }),
    jailed(directory, command, { name: "dune-jail, nothing explained", explain: "none" }),
    bareBubblewrap(command),
    equalBubblewrap(directory, command),
    native(command),
  ];
  const samples = columns(launch(directory, ROUNDS, contestants));
  const reference = samples[0] ?? [];
  console.log(`\nStart, run and end of /bin/true, ${ROUNDS} rounds`);
  contestants.forEach(({ name }, index) => {
    const own = samples[index] ?? [];
    const middle = medianInterval(own);
    const ratio = ratioInterval(own, reference);
    console.log(
      `  ${name.padEnd(36)} median ${duration(median(own)).padStart(8)} [${duration(middle.low)}, ${duration(middle.high)}]` +
        `  least ${duration(Math.min(...own)).padStart(8)}  ${(median(own) / median(reference)).toFixed(2)} x dune-jail [${ratio.low.toFixed(2)}, ${ratio.high.toFixed(2)}]`,
    );
  });
}

/** Each contestant runs `calls`, which prints three figures; the median over the rounds is shown. */
function systemCalls(directory: string): void {
  const command = [join(directory, "bin/calls")];
  const contestants = [
    jailed(directory, command, { name: "dune-jail", explain: "default" }),
    jailed(directory, command, { name: "dune-jail, everything explained", explain: "all" }),
    jailed(directory, command, { name: "dune-jail, nothing explained", explain: "none" }),
    bareBubblewrap(command),
    native(command),
  ];
  // Each run prints a line of three figures, in order; launch's own lines have one for each contestant.
  const rows = launch(directory, CALL_ROUNDS, contestants).trim().split("\n").map((line) => line.split(" ").map(Number));
  const figures = rows.filter(({ length }) => length === FIGURES).slice(-CALL_ROUNDS * contestants.length);
  const medians = contestants.map((_, index) => middles(figures.filter((__, row) => row % contestants.length === index)));
  const reference = medians.at(-2) ?? [];
  console.log(`\nOne system call, ${CALL_ROUNDS} rounds`);
  console.log(`  ${"".padEnd(36)}${["getppid", "open + close", "open, missing"].map((title) => title.padStart(30)).join("")}`);
  contestants.forEach(({ name }, index) => {
    const cells = (medians[index] ?? []).map((value, column) => `${duration(value)} (${(value / (reference[column] ?? NaN)).toFixed(2)} x bwrap)`.padStart(30));
    console.log(`  ${name.padEnd(36)}${cells.join("")}`);
  });
}

function middles(rows: readonly (readonly number[])[]): number[] {
  return Array.from({ length: FIGURES }, (_, column) => median(rows.map((row) => row[column] ?? NaN)));
}

// Not below /tmp, which is replaced by a private one inside, and the compiled programs with it.
const directory = mkdtempSync(join(homedir(), ".dune-bench-"));
try {
  build(directory);
  startUp(directory);
  systemCalls(directory);
} finally {
  rmSync(directory, { recursive: true });
}
