import * as v from "valibot";
import type { FieldPath } from "./input.js";
import { policyFileSchema, policyInputSchema, PROFILES } from "./schema.js";
import { suggest } from "./suggest.js";

/** One thing that is wrong with a policy. */
export interface Problem {
  readonly field: FieldPath;
  /** Whether the field's name is at fault or its value. */
  readonly at: "key" | "value";
  /** Completes a sentence that begins with the field: `has the unknown unit "x"`. */
  readonly message: string;
}

export type PolicySchema = typeof policyFileSchema | typeof policyInputSchema;
type Issue = v.InferIssue<PolicySchema>;

/** What came out of checking a value against the schema: the policy, or everything that is wrong with it. */
export type Checked = { readonly input: v.InferOutput<typeof policyInputSchema> } | { readonly problems: readonly [Problem, ...Problem[]] };

/** Checks `value`, of which nothing is known, against the schema. */
export function checkPolicy(schema: PolicySchema, value: unknown): Checked {
  const unseen = notTable(value) ?? droppedVariable(value);
  if (unseen !== undefined) return { problems: [unseen] };
  const result = v.safeParse(schema, value);
  if (result.success) return { input: result.output };
  const [first, ...rest] = result.issues;
  return { problems: [toProblem(first), ...rest.map(toProblem)] };
}

/** `filesystem.read[1]` for `["filesystem", "read", 1]`; names that are not plain words in quotes. */
export function fieldName(field: FieldPath): string {
  return field.map((step, index) => {
    if (typeof step === "number") return `[${step}]`;
    const word = /^[\w$-]+$/.test(step) ? step : JSON.stringify(step);
    return index === 0 ? word : `.${word}`;
  }).join("");
}

/** To the validator a list is a table, and so is a date. */
function notTable(value: unknown): Problem | undefined {
  const tables: FieldPath[] = [[], ...fieldsBelow([]).filter((name) => name !== "profile").map((name) => [name]), ["environment", "set"]];
  const field = tables.find((path) => {
    const found = path.reduce<unknown>((inside, name) => own(inside, name), value);
    return Array.isArray(found) || found instanceof Date;
  });
  return field === undefined ? undefined : { field, at: "value", message: "must be a table" };
}

/** The validator leaves these names out of a table without a word; a variable must not vanish. */
const DROPPED_NAMES = ["__proto__", "prototype", "constructor"];

function droppedVariable(value: unknown): Problem | undefined {
  const set = own(own(value, "environment"), "set");
  const name = DROPPED_NAMES.find((candidate) => own(set, candidate) !== undefined);
  return name === undefined ? undefined : { field: ["environment", "set", name], at: "key", message: "cannot be set: no variable can have this name here" };
}

function own(value: unknown, name: string | number): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value as unknown;
}

function toProblem(issue: Issue): Problem {
  const inner = deepest(issue);
  const field = inner === issue ? pathOf(issue) : [...pathOf(issue), ...pathOf(inner)];
  const name = field.at(-1);
  if (inner.type === "strict_object" && inner.expected === "never" && typeof name === "string") {
    return { field, at: "key", message: unknownField(field.slice(0, -1), name) };
  }
  const hint = inner.type === "picklist" && typeof inner.input === "string" ? suggest(inner.input, field[0] === "profile" ? PROFILES : ["none", "host"]) : undefined;
  const keyIsWrong = inner.path?.at(-1)?.origin === "key";
  return { field, at: keyIsWrong ? "key" : "value", message: hint === undefined ? inner.message : `${inner.message}; did you mean "${hint}"?` };
}

/** Of a union's complaints, the one about the alternative that fitted best: it got furthest into the value. */
function deepest(issue: Issue): Issue {
  if (issue.type !== "union" || issue.issues === undefined) return issue;
  const picked = issue.issues.find((inner) => inner.type === "picklist" && typeof inner.input === "string");
  return (picked as Issue | undefined) ?? issue;
}

function pathOf(issue: Issue): FieldPath {
  return (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
}

function unknownField(parent: FieldPath, name: string): string {
  const siblings = fieldsBelow(parent);
  const near = suggest(name, siblings);
  if (near !== undefined) return `is not a field of a policy; did you mean "${fieldName([...parent, near])}"?`;
  const section = fieldsBelow([]).find((top) => top !== parent[0] && fieldsBelow([top]).includes(name));
  if (section !== undefined) return `is not a field of a policy; did you mean "${section}.${name}"?`;
  return `is not a field of a policy; known here: ${siblings.join(", ")}`;
}

function fieldsBelow(parent: FieldPath): string[] {
  const entries: v.ObjectEntries = policyFileSchema.entries;
  const [section] = parent;
  if (section === undefined) return Object.keys(entries).filter((name) => name !== "$schema");
  const wrapper = Object.hasOwn(entries, section) ? entries[section] : undefined;
  const inner: unknown = wrapper !== undefined && "wrapped" in wrapper ? wrapper.wrapped : undefined;
  return typeof inner === "object" && inner !== null && "entries" in inner ? Object.keys(inner.entries as object) : [];
}
