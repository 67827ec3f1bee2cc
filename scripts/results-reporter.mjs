/**
 * A vitest reporter that leaves what scripts/test.mjs adds up: the number of passed
 * tests, and the failed and skipped ones by name. vitest's own JSON reporter drops the
 * reason given to `skip("reason")`, which is the point of reporting a skip at all.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./lib/results.mjs";

export default class ResultsReporter {
  /** @param {readonly import("vitest/node").TestModule[]} modules */
  onTestRunEnd(modules, unhandledErrors) {
    const result = { name: runName(), passed: 0, failed: [], skipped: [] };
    for (const module of modules) {
      for (const test of module.children.allTests()) count(test, module, result);
      // A file that cannot be loaded has no tests; it must not look like one without failures.
      if (module.errors().length > 0) result.failed.push({ name: `${module.relativeModuleId}: the file itself` });
    }
    if (unhandledErrors.length > 0) result.failed.push({ name: "an error outside any test" });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  }
}

function count(test, module, result) {
  const name = `${module.relativeModuleId} > ${test.fullName}`;
  const { state, note } = test.result();
  if (state === "passed") result.passed++;
  else if (state === "failed") result.failed.push({ name });
  else result.skipped.push({ name, ...(note === undefined ? {} : { reason: note }) });
}

/** Both are set by the package manager that runs the script: `dune-req-test`, `dune-sandbox-test-e2e`. */
function runName() {
  const { npm_package_name: name = "vitest", npm_lifecycle_event: script = String(process.pid) } = process.env;
  return `${name}-${script}`.replace(/^@/, "").replace(/[^a-z0-9]+/gi, "-");
}
