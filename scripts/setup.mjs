/** From a fresh clone to a built workspace. Needs Node 20 and npm; runs before anything is installed. */
import { ensurePnpm } from "./lib/pnpm.mjs";
import { root } from "./lib/paths.mjs";
import { step, StepError } from "./lib/step.mjs";
import { ensureSystemPackages, forStart } from "./lib/system-packages.mjs";
import { turbo, turboEnv } from "./lib/turbo.mjs";

/** @param {readonly import("./lib/system-packages.mjs").SystemPackage[]} packages what must be on the machine */
export async function setup(packages = forStart) {
  await ensureSystemPackages(packages);
  await ensurePnpm();
  await step("pnpm install", ["pnpm", "install", "--frozen-lockfile", "--config.confirmModulesPurge=false"]);
  await step("build", turbo("build", "--output-logs=errors-only"), { env: turboEnv });
}

/**
 * Runs a script's main function: a failed step has said everything, anything else is our own fault.
 *
 * @param {() => Promise<void>} main
 */
export async function runScript(main) {
  process.chdir(root);
  try {
    await main();
  } catch (error) {
    if (!(error instanceof StepError)) console.error(error);
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await runScript(() => setup());
