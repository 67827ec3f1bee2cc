import { toJsonSchema } from "@valibot/to-json-schema";
import { policyFileSchema } from "./schema.js";
import type { Check } from "./schema.js";

/** Where the schema is published, from the package's directory. */
export const SCHEMA_FILE = "schema/policy.json";

/** The text of `schema/policy.json`. Its test writes it and keeps it up to date; nothing needs it at run time. */
export function policyJsonSchema(): string {
  const { $schema, ...rest } = toJsonSchema(policyFileSchema, {
    overrideAction: ({ valibotAction, jsonSchema }) => (isCheck(valibotAction) ? { ...jsonSchema, ...valibotAction.jsonSchema } : undefined),
  });
  return `${JSON.stringify({ $schema, title: "Policy of @dune/sandbox", ...rest }, undefined, 2)}\n`;
}

function isCheck(action: object): action is Check {
  return "jsonSchema" in action;
}
