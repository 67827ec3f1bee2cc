import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { checkHost } from "./check-host.js";
import { ALL_CHECKS } from "./checks/index.js";
import * as bareMetal from "./fixtures/bare-metal.js";
import * as confined from "./fixtures/confined.js";
import * as elsewhere from "./fixtures/elsewhere.js";
import * as virtual from "./fixtures/virtual.js";
import { recordedProbe } from "./record.js";
import type { HostReport } from "./report.js";

const schema = JSON.parse(readFileSync(new URL("../schema/host-report.json", import.meta.url), "utf8")) as object;
const validate = new Ajv2020({ allErrors: true, strict: true }).compile(schema);

function problems(report: unknown): unknown {
  validate(JSON.parse(JSON.stringify(report)));
  return validate.errors;
}

const HOSTS = Object.entries({ ...bareMetal, ...confined, ...elsewhere, ...virtual });

describe("schema/host-report.json", () => {
  it.each(HOSTS)("describes the report about %s, with its record", async (_name, record) => {
    expect(problems(await checkHost({ probe: recordedProbe(record), record: true }))).toBeNull();
  });

  it("describes the report about this machine", async () => {
    expect(problems(await checkHost({ record: true }))).toBeNull();
  });

  it("refuses what is not a report", async () => {
    const report = await checkHost({ probe: recordedProbe(bareMetal.intelBareMetal) });
    const wrong: readonly unknown[] = [
      {},
      { ...report, format: 2 },
      { ...report, exitCode: 3 },
      { ...report, surprise: true },
      { ...report, engines: { ...report.engines, kvm: undefined } },
      { ...report, checks: report.checks.map((check) => ({ ...check, status: "fine" })) },
    ];
    for (const value of wrong) expect(problems(value)).not.toBeNull();
  });
});

describe("checks", () => {
  it("have ids that are unique and named after their topic", async () => {
    const { checks }: HostReport = await checkHost({ probe: recordedProbe(bareMetal.intelBareMetal) });
    expect(new Set(checks.map((check) => check.id)).size).toBe(ALL_CHECKS.length);
    for (const check of checks) expect(check.id.startsWith(`${check.topic}.`)).toBe(true);
  });

  it("are listed in the README, each of them", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    for (const check of ALL_CHECKS) expect(readme).toContain(`\`${check.id}\``);
  });
});
