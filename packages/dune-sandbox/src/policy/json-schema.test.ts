import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { parse as parseToml } from "smol-toml";
import { beforeAll, describe, expect, it } from "vitest";
import type { ValidateFunction } from "ajv";
import { packageRoot } from "../package-root.js";
import { policyJsonSchema, SCHEMA_FILE } from "./json-schema.js";
import { checkPolicy } from "./problem.js";
import { policyFileSchema, PROFILES } from "./schema.js";

let validate: ValidateFunction;
beforeAll(() => {
  validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse(policyJsonSchema()) as object);
});

/** What both the published schema and our own check must accept. */
const good: readonly unknown[] = [
  {},
  { $schema: "https://example.org/policy.json" },
  { profile: "node" },
  { profile: ["node", "build"] },
  { filesystem: { read: ["~/data", "/srv", "."], write: [], exec: ["./bin"] } },
  { environment: { pass: ["CI"], set: { A: "", B: "two words" } } },
  { network: { mode: "host", allow: ["example.org:443", "localhost:5432", "93.184.216.34:443"], listen: [8080] } },
  { limits: { wall: "5s", cpu: "1.5m", memory: "512MiB", processes: 64, files: "unlimited", disk: "1 GiB", output: 1000, tmp: "unlimited" } },
  { syscalls: { allow: ["perf_event_open"] } },
];

/** What both must refuse: an editor that finds nothing wrong would mislead. */
const bad: readonly unknown[] = [
  [],
  { profile: "nod" },
  { hide: [] },
  { filesystem: { raed: [] } },
  { filesystem: { read: "x" } },
  { filesystem: { read: [""] } },
  { filesystem: { read: ["src/*"] } },
  { filesystem: { read: ["a\0b"] } },
  { filesystem: { read: Array.from({ length: 257 }, (_, index) => `/${index}`) } },
  { environment: { pass: ["A=B"] } },
  { environment: { pass: ["LC_*"] } },
  { environment: { set: { A: 1 } } },
  { environment: { set: { "A=B": "1" } } },
  { network: { mode: "open" } },
  { network: { allow: ["example.org"] } },
  { network: { allow: ["*.example.org:443"] } },
  { network: { allow: ["[::1]:443"] } },
  { network: { listen: [0] } },
  { network: { listen: [1.5] } },
  { network: { listen: ["80"] } },
  { limits: { wall: 5 } },
  { limits: { wall: "5" } },
  { limits: { memory: "5x" } },
  { limits: { memory: 512 } },
  { limits: { processes: 0 } },
  { limits: { processes: "many" } },
  { syscalls: { allow: ["No Such"] } },
];

describe("schema/policy.json", () => {
  // `npx vitest run src/policy --update` writes the file anew after a change of schema.ts.
  it("is what schema.ts says", async () => {
    await expect(policyJsonSchema()).toMatchFileSnapshot(join(packageRoot(), SCHEMA_FILE));
  });

  it.each(good)("accepts %j, as the parser does", (policy) => {
    expect([validate(policy), "input" in checkPolicy(policyFileSchema, policy)]).toEqual([true, true]);
  });

  it.each(bad.map((policy) => [JSON.stringify(policy).slice(0, 80), policy] as const))("refuses %s, as the parser does", (_, policy) => {
    expect([validate(policy), "input" in checkPolicy(policyFileSchema, policy)]).toEqual([false, false]);
  });

  it.each(PROFILES)("accepts the built-in profile %s", (name) => {
    const profile = parseToml(readFileSync(join(packageRoot(), "profiles", `${name}.toml`), "utf8"));
    expect(validate(profile), JSON.stringify(validate.errors)).toBe(true);
  });

  it("describes every field, for editors to show", () => {
    const undescribed: string[] = [];
    const visit = (schema: Record<string, unknown>, path: string) => {
      for (const [name, field] of Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>)) {
        if (typeof field.description !== "string") undescribed.push(`${path}${name}`);
        visit(field, `${path}${name}.`);
      }
    };
    visit(JSON.parse(policyJsonSchema()) as Record<string, unknown>, "");
    expect(undescribed).toEqual([]);
  });
});
