import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { folder } from "./lib/results.mjs";
import ResultsReporter from "./results-reporter.mjs";

const test = (fullName, state, note) => ({ fullName, result: () => ({ state, note }) });
const module = (relativeModuleId, tests, errors = []) => ({ relativeModuleId, children: { allTests: () => tests }, errors: () => errors });

describe("the results reporter", () => {
  const file = join(folder, "scope-under-test-test-self.json");
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(file, { force: true });
  });

  const report = (modules, unhandled = []) => {
    vi.stubEnv("npm_package_name", "@scope/under-test");
    vi.stubEnv("npm_lifecycle_event", "test:self");
    new ResultsReporter().onTestRunEnd(modules, unhandled);
    return JSON.parse(readFileSync(file, "utf8"));
  };

  it("counts what passed and names what failed or was skipped, with the reason", () => {
    expect(report([module("a.test.ts", [test("x", "passed"), test("y", "failed"), test("z", "skipped", "no KVM"), test("t", "skipped")])])).toEqual({
      name: "scope-under-test-test-self",
      passed: 1,
      failed: [{ name: "a.test.ts > y" }],
      skipped: [{ name: "a.test.ts > z", reason: "no KVM" }, { name: "a.test.ts > t" }],
    });
  });

  it("counts a file that cannot be loaded, and an error outside any test, as failures", () => {
    expect(report([module("broken.test.ts", [], [{ message: "no such import" }])], [{ message: "late" }])).toMatchObject({
      passed: 0,
      failed: [{ name: "broken.test.ts: the file itself" }, { name: "an error outside any test" }],
    });
  });
});
