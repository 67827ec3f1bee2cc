import { spawn } from "node:child_process";
import { root } from "./paths.mjs";

/** A step that failed. Its output is on the screen already. */
export class StepError extends Error {
  name = "StepError";
}

/**
 * Runs one command and prints one line for it: what it was and how long it took.
 *
 * Its output is shown as it comes with `show`, and otherwise only if it fails, in full.
 *
 * @param {string} title
 * @param {readonly [string, ...string[]]} command
 * @param {{ show?: boolean, env?: Record<string, string> }} [options]
 * @throws {StepError}
 */
export async function step(title, [file, ...args], { show = false, env = {} } = {}) {
  const started = performance.now();
  const line = (mark, note = "") => `${mark} ${title} (${seconds(performance.now() - started)})${note}`;
  const { code, output } = await run(file, args, env, show);
  if (code === 0) {
    console.log(line("ok"));
    return;
  }
  if (!show) process.stderr.write(output);
  console.log(line("FAILED", `: ${[file, ...args].join(" ")} ended with ${code}`));
  throw new StepError(title);
}

/** @param {number} milliseconds */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** @returns {Promise<{ code: number | string, output: Buffer }>} */
function run(file, args, env, show) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"],
    });
    const chunks = [];
    child.stdout?.on("data", (chunk) => chunks.push(chunk));
    child.stderr?.on("data", (chunk) => chunks.push(chunk));
    child.on("error", (error) => resolve({ code: error.message, output: Buffer.concat(chunks) }));
    child.on("close", (code, signal) => resolve({ code: code ?? signal ?? "no status", output: Buffer.concat(chunks) }));
  });
}
