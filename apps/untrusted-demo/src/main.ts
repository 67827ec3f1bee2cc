/**
 * `npm start`: what the sandbox is for, shown on this machine.
 *
 * Exit status: 0 if everything came out as promised, 1 if something did not, 2 if this host has no engine
 * that works, 128 + signal if it was interrupted.
 */

import { constants } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { checkHost } from "@dune/req";
import { LayerError, SandboxError, UnsupportedError } from "@dune/sandbox";
import { Collector } from "./collector.js";
import { showBomb, showConfined, showGrant, showHonestWork, showHost, showNext, showUnconfined } from "./demo.js";
import { Promises } from "./promises.js";
import { Scene } from "./scene.js";
import { Screen, wantsColour } from "./screen.js";

const EXIT = { kept: 0, broken: 1, unusable: 2, signal: 128 } as const;

const CLI = fileURLToPath(new URL("../../../packages/dune-sandbox/dist/cli.js", import.meta.url));

async function main(screen: Screen, signal: AbortSignal): Promise<number> {
  const report = await checkHost();
  showHost(report, screen);
  const { verdict, summary } = report.engines.process;
  if (verdict === "unusable") return refuse(`The sandbox does not work on this host. ${summary}`, undefined);
  const promises = new Promises(screen);
  using scene = new Scene();
  await using collector = await Collector.open();
  const stage = { screen, promises, scene, collector, signal };
  await showUnconfined(stage);
  const refusals = await showConfined(stage);
  showHonestWork(stage);
  await showGrant(stage, refusals);
  await showBomb(stage);
  showNext(screen, relative(process.cwd(), CLI));
  return conclude(screen, promises.broken);
}

function conclude(screen: Screen, broken: readonly string[]): number {
  const { green, red } = screen.colours;
  screen.line();
  screen.line(broken.length === 0 ? green("Everything came out as promised.") : red("Not as promised:"));
  for (const text of broken) screen.line(`  ${text}`);
  return broken.length === 0 ? EXIT.kept : EXIT.broken;
}

/** Interrupting the demo ends the program that runs, and clears everything away. */
function interruptible(): AbortController {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => { controller.abort(signal); });
  return controller;
}

function refuse(message: string, fix: string | undefined): number {
  console.error(`\n${message}${fix === undefined ? "" : `\n  try: ${fix}`}`);
  return EXIT.unusable;
}

function explainFailure(error: unknown, signal: AbortSignal): number {
  if (signal.aborted) return EXIT.signal + constants.signals[signal.reason as NodeJS.Signals];
  if (error instanceof UnsupportedError || error instanceof LayerError) return refuse(error.message, error.fix);
  if (!(error instanceof SandboxError)) throw error;
  console.error(`\n${error.message} (${error.code})${error.fix === undefined ? "" : `\n  try: ${error.fix}`}`);
  return EXIT.broken;
}

const { signal } = interruptible();
// Nobody reads on: no reason to stop before everything is cleared away.
process.stdout.on("error", () => undefined);
const screen = new Screen((text) => process.stdout.write(text), wantsColour(process.stdout, process.env));
process.exitCode = await main(screen, signal).catch((error: unknown) => explainFailure(error, signal));
