/** The demo, step by step. */

import type { HostReport } from "@dune/req";
import type { PolicyInput, Protection } from "@dune/sandbox";
import { parseAttempts, printable, successes, type Attempt } from "./attempt.js";
import type { Collector } from "./collector.js";
import { agrees, parseSummary, summarize } from "./honest.js";
import { MEASUREMENTS } from "./measurements.js";
import { BOMB, NOSY, runConfined, runUnconfined, type RunOptions } from "./programs.js";
import type { Promises } from "./promises.js";
import { explainRefusals, type Refusal } from "./refusal.js";
import type { Scene } from "./scene.js";
import type { Screen } from "./screen.js";

/** What the steps share. */
export interface Stage {
  readonly screen: Screen;
  readonly promises: Promises;
  readonly scene: Scene;
  readonly collector: Collector;
  readonly signal: AbortSignal;
}

/** Bound on the fork bomb, which would make about 300 processes. */
const PROCESSES = 32;

/** Says which engines work here. */
export function showHost({ summary, engines, engine, fix }: HostReport, screen: Screen): void {
  const { colours } = screen;
  screen.step("This host", "npx @dune/req");
  screen.line(printable(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`));
  if (engine !== null) screen.line(colours.dim(printable(`engine ${engine}: ${engines[engine].summary}`)));
  if (fix !== null) screen.line(colours.dim(printable(`to get more: ${fix.text}${fix.command === undefined ? "" : ` ($ ${fix.command})`}`)));
}

/** Shows that the program is really nosy. */
export async function showUnconfined(stage: Stage): Promise<void> {
  const { screen, promises, scene, collector } = stage;
  screen.step("A nosy program, without a sandbox", commandLine(stage));
  const attempts = parseAttempts(await runUnconfined(NOSY, nosyArguments(stage), runOptions(stage)));
  const received = await collector.take();
  screen.attempts(attempts);
  promises.expect("the listener received the secret and the token", received.includes(scene.secret) && received.includes(scene.token));
  promises.expect("the shell's startup file was changed", scene.startupFileChanged);
  scene.reset();
}

/** The same in the sandbox: what it was refused, by which rule, and what would allow it. */
export async function showConfined(stage: Stage): Promise<readonly Refusal[]> {
  const { screen, promises } = stage;
  screen.step("The same in the sandbox", `npx @dune/sandbox ${commandLine(stage)}`);
  const { attempts, refusals, received, protection } = await runNosy(stage);
  screen.line(screen.colours.dim(`engine ${protection.engine}, layers: ${protection.layers.join(", ")}`));
  screen.attempts(attempts);
  screen.line();
  screen.line("Refused by which rule, and which flag would allow it:");
  screen.refusals(refusals);
  screen.line();
  promises.expect("nothing but its honest work succeeded", sameSet(successes(attempts), ["summary"]));
  promises.expect("the listener received nothing, and the startup file is as it was", received === "" && !stage.scene.startupFileChanged);
  promises.expect("every refusal has a rule and a flag", refusals.length === attempts.length - 1 && refusals.every(({ grant }) => grant !== undefined));
  return refusals;
}

/** Compares what the last run has written with a computation of our own. */
export function showHonestWork({ screen, promises, scene }: Stage): void {
  screen.step("Its honest work");
  const expected = summarize(scene.input);
  const found = parseSummary(scene.summary);
  for (const { station, count, mean, median } of found) {
    screen.line(screen.colours.dim(`${station.padEnd(14)} ${String(count).padStart(4)} measurements, mean ${mean.toFixed(3).padStart(7)}, median ${median.toFixed(3).padStart(7)}`));
  }
  promises.expect(`all ${MEASUREMENTS} measurements are summarized as computed independently`, agrees(found, expected));
  scene.reset();
}

/** With one of the flags, one more thing works. */
export async function showGrant(stage: Stage, refusals: readonly Refusal[]): Promise<void> {
  const { screen, promises, scene } = stage;
  const refusal = refusals.find(({ name }) => name === "secret");
  screen.step("One thing granted", `npx @dune/sandbox ${refusal?.allow ?? ""} ${commandLine(stage)}`);
  const { attempts, received } = await runNosy(stage, refusal?.grant);
  screen.attempts(attempts);
  promises.expect("it read the secret, could do nothing else, and could not tell anybody",
    sameSet(successes(attempts), ["secret", "summary"]) && received === "" && !scene.startupFileChanged);
  promises.expect("its honest work is still right", agrees(parseSummary(scene.summary), summarize(scene.input)));
}

/** A limit stops what no rule is about. */
export async function showBomb(stage: Stage): Promise<void> {
  const { screen, promises } = stage;
  screen.step("A fork bomb", `npx @dune/sandbox --processes ${PROCESSES} ./bomb`);
  const { output, result } = await runConfined(BOMB, [], { ...runOptions(stage), policy: { limits: { processes: PROCESSES } } });
  const words = output.trim() === "" ? `killed by ${result.signal ?? "nobody"}` : printable(output.trim());
  screen.line(`${words} ${screen.colours.dim(`(stopped at ${result.usage.tasks} of 300)`)}`);
  const { limit } = result;
  // The one that is too many is what stops it; the kernel lets no second one come about.
  promises.expect(`stopped: ${PROCESSES} processes`, limit?.limit === "processes" && limit.bound === PROCESSES && result.usage.tasks <= PROCESSES + 1);
}

/** What to type next. */
export function showNext(screen: Screen, cli: string): void {
  const { dim } = screen.colours;
  screen.step("Now a program of yours");
  const examples = [
    ["./untrusted input.csv", "its own directory, and nothing else"],
    ["--read ~/data --allow-net example.org:443 ./untrusted", "with more"],
    ["--learn policy.toml ./untrusted", "find out what it needs, and review it"],
  ] as const;
  for (const [args, meaning] of examples) screen.line(`${`npx @dune/sandbox ${args}`.padEnd(72)} ${dim(meaning)}`);
  screen.line(dim(`from this clone: node ${cli} ./untrusted`));
}

interface NosyRun {
  readonly attempts: readonly Attempt[];
  readonly refusals: readonly Refusal[];
  /** What arrived at the listener. */
  readonly received: string;
  readonly protection: Protection;
}

async function runNosy(stage: Stage, policy?: PolicyInput): Promise<NosyRun> {
  const { output, result } = await runConfined(NOSY, nosyArguments(stage), { ...runOptions(stage), policy });
  const attempts = parseAttempts(output);
  const { secretFile, startupFile } = stage.scene;
  const refusals = explainRefusals(attempts, result.denials, { secretFile, startupFile, port: stage.collector.port });
  return { attempts, refusals, received: await stage.collector.take(), protection: result.protection };
}

function nosyArguments({ collector }: Stage): string[] {
  return ["measurements.csv", String(collector.port)];
}

function commandLine(stage: Stage): string {
  return ["./nosy", ...nosyArguments(stage)].join(" ");
}

function runOptions({ scene, signal }: Stage): RunOptions {
  return { cwd: scene.project, env: scene.environment, signal };
}

function sameSet<T>(found: readonly T[], expected: readonly T[]): boolean {
  return found.length === expected.length && expected.every((entry) => found.includes(entry));
}
