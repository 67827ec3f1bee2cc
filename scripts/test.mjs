/**
 * `npm test`: everything, in the order in which a failure is cheapest to understand.
 *
 * A step that fails does not hide the ones after it. The last line is the sum over every
 * test that ran: `N passed, N failed, N skipped`.
 */
import { join } from "node:path";
import { root } from "./lib/paths.mjs";
import { clearResults, readResults, summarize } from "./lib/results.mjs";
import { step, StepError } from "./lib/step.mjs";
import { forStart, forTest } from "./lib/system-packages.mjs";
import { turbo, turboEnv } from "./lib/turbo.mjs";
import { runScript, setup } from "./setup.mjs";

/** A package whose tests fail does not stop the tests of the others. */
const everywhere = ["--continue=dependencies-successful", "--output-logs=new-only"];
/** One after the other: tests of the sandbox count processes and measure limits. */
const alone = "--concurrency=1";
const report = ["--reporter=default", `--reporter=${join(root, "scripts", "results-reporter.mjs")}`];

/** @type {readonly [heading: string, command: readonly [string, ...string[]]][]} */
const steps = [
  ["lint", [join(root, "node_modules", ".bin", "eslint"), ".", "--max-warnings", "0"]],
  ["typecheck", turbo("typecheck", ...everywhere)],
  ["packages as published", turbo("check:package", ...everywhere)],
  ["tests of the scripts", [join(root, "node_modules", ".bin", "vitest"), "run", "--root", "scripts", ...report]],
  ["unit tests", turbo("test", ...everywhere, alone, "--", ...report)],
  ["end-to-end tests", turbo("test:e2e", ...everywhere, alone, "--", ...report)],
  ["packaging tests", turbo("test:packaging", ...everywhere, alone, "--", ...report)],
];

await runScript(async () => {
  clearResults();
  const broken = [];
  const attempt = async (name, action) => {
    heading(name);
    await action().catch((error) => {
      if (!(error instanceof StepError)) throw error;
      broken.push(name);
    });
  };
  await attempt("set-up", () => setup([...forStart, ...forTest]));
  // Without a built workspace every other step would only repeat that it is missing.
  if (broken.length === 0) {
    for (const [name, command] of steps) await attempt(name, () => step(name, command, { show: true, env: turboEnv }));
  }
  heading("result");
  if (broken.length > 0) console.log(`failed steps: ${broken.join(", ")}`);
  const { passed, failed, text } = summarize(readResults());
  if (passed + failed === 0) console.log("no test was run");
  console.log(text);
  if (broken.length > 0 || failed > 0 || passed === 0) process.exitCode = 1;
});

/** @param {string} name */
function heading(name) {
  console.log(`\n== ${name} ==`);
}
