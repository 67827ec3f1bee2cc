import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { helperPath, startHelper } from "./helper.js";
import { encodePlan } from "./plan.js";
import { temporaryDirectory } from "./testing/native.js";
import { FULL_PLAN } from "./testing/plan.js";
import type { Report } from "./wire.js";

afterEach(() => { vi.unstubAllEnvs(); });

/** A helper of our own: a shell script. */
function helper(script: string): string {
  const path = join(temporaryDirectory(), "helper");
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv("DUNE_JAIL", path);
  return path;
}

async function all(reports: AsyncIterable<Report>): Promise<Report[]> {
  const list: Report[] = [];
  for await (const report of reports) list.push(report);
  return list;
}

describe("the helper's place", () => {
  test("is in the package, unless the environment says otherwise", () => {
    vi.stubEnv("DUNE_JAIL", undefined);
    expect(helperPath()).toMatch(/prebuilds\/linux-x64\/dune-jail$/);
    vi.stubEnv("DUNE_JAIL", "/bin/true");
    expect(helperPath()).toBe("/bin/true");
  });

  test.each<[string, () => string]>([
    ["nothing", () => "/nowhere/at/all"],
    ["a file that cannot be executed", () => { const path = helper(""); chmodSync(path, 0o644); return path; }],
  ])("where there is %s it is an error with its remedy", (_what, path) => {
    vi.stubEnv("DUNE_JAIL", path());
    expect(() => helperPath()).toThrow(expect.objectContaining({ code: "ERR_SANDBOX_START", fix: expect.stringContaining("make") as string }) as Error);
  });

  test("started by hand it says what it is for", () => {
    vi.stubEnv("DUNE_JAIL", undefined);
    const { status, stderr } = spawnSync(helperPath(), [], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    expect({ status, stderr }).toEqual({ status: 125, stderr: expect.stringContaining("@dune/sandbox") as string });
  });
});

describe("talking to the helper", () => {
  test("it gets the plan, and nothing of the caller's environment", async () => {
    vi.stubEnv("A_SECRET", "hidden");
    const plan = encodePlan(FULL_PLAN);
    helper(`/usr/bin/head -c ${plan.length} <&3 | /usr/bin/sha256sum; /usr/bin/env`);
    const { child, reports } = startHelper(FULL_PLAN, ["ignore", "pipe", "ignore"]);
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    await Promise.all([all(reports), new Promise((resolve) => child.once("close", resolve))]);
    const output = Buffer.concat(chunks).toString();
    expect(output).toContain(spawnSync("sha256sum", { input: plan, encoding: "utf8" }).stdout.split(" ")[0]);
    expect(output).not.toContain("A_SECRET");
  });

  test("signals come after the plan, two bytes each", async () => {
    const plan = encodePlan(FULL_PLAN);
    helper(`/usr/bin/head -c ${plan.length} <&3 > /dev/null; exec /usr/bin/od -An -tu1 -N4 <&3`);
    const started = startHelper(FULL_PLAN, ["ignore", "pipe", "ignore"]);
    const { child, reports } = started;
    started.signal(15);
    started.signal(9);
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    await Promise.all([all(reports), new Promise((resolve) => child.once("close", resolve))]);
    expect(Buffer.concat(chunks).toString().trim().split(/\s+/).map(Number)).toEqual([1, 15, 1, 9]);
    started.signal(9); // it has ended: nothing happens
  });

  test("its reports end with it", async () => {
    const plan = encodePlan(FULL_PLAN);
    // REPORT_LOOKUP with the name "x", then REPORT_DONE
    helper(String.raw`/usr/bin/head -c ${String(plan.length)} <&3 > /dev/null; printf '\004\0\0\0\002\0\0\0x\0\011\0\0\0\0\0\0\0' >&3`);
    const { reports } = startHelper(FULL_PLAN, ["ignore", "ignore", "ignore"]);
    expect(await all(reports)).toEqual([{ type: "lookup", name: "x" }, { type: "done" }]);
  });
});
