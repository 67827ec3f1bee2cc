/** Each flag that the demo names allows exactly the attempt it is named for. */

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseAttempts, successes } from "./attempt.js";
import { Collector } from "./collector.js";
import { NOSY, runConfined, runUnconfined } from "./programs.js";
import { explainRefusals, type Refusal } from "./refusal.js";
import { Scene } from "./scene.js";

const CLI = fileURLToPath(new URL("../../../packages/dune-sandbox/dist/cli.js", import.meta.url));

async function refusalsIn(scene: Scene, port: number): Promise<Refusal[]> {
  const { signal } = new AbortController();
  const { output, result } = await runConfined(NOSY, ["measurements.csv", String(port)], { cwd: scene.project, env: scene.environment, signal });
  return explainRefusals(parseAttempts(output), result.denials, { secretFile: scene.secretFile, startupFile: scene.startupFile, port });
}

test("every refusal is explained, and its flag allows that attempt and no other", async () => {
  using scene = new Scene();
  await using collector = await Collector.open();
  const refusals = await refusalsIn(scene, collector.port);
  expect(refusals.map(({ name }) => name)).toEqual(["secret", "token", "write", "connect", "lookup", "unshare"]);
  for (const { name, allow } of refusals) {
    const args = [CLI, "--quiet", ...allow.split(" "), NOSY, "measurements.csv", String(collector.port)];
    const output = await runUnconfined(process.execPath, args, { cwd: scene.project, env: scene.environment, signal: new AbortController().signal });
    expect(new Set(successes(parseAttempts(output))), allow).toEqual(new Set([name, "summary"]));
  }
  // The listener heard of the one run that was allowed to reach it, and that one knew nothing.
  expect(await collector.take()).toBe("nothing found\n");
  expect(scene.startupFileChanged).toBe(true);
});
